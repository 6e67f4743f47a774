package check

import (
	"encoding/base64"
	"encoding/json"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// secretData: a secret of a known type has the keys that those who read it look for. Values are never part of a fault.
func secretData(obj map[string]any) field.ErrorList {
	data := object(obj, "data")
	need := func(keys ...string) field.ErrorList {
		var errs field.ErrorList
		for _, key := range keys {
			if _, ok := data[key]; !ok {
				errs = append(errs, field.Required(field.NewPath("data").Key(key), ""))
			}
		}
		return errs
	}
	switch str(obj, "type") {
	case "kubernetes.io/service-account-token":
		if note := str(obj, "metadata", "annotations", "kubernetes.io/service-account.name"); note == "" {
			return field.ErrorList{field.Required(field.NewPath("metadata", "annotations").Key("kubernetes.io/service-account.name"), "")}
		}
	case "kubernetes.io/dockercfg":
		return append(need(".dockercfg"), isJSON(data, ".dockercfg")...)
	case "kubernetes.io/dockerconfigjson":
		return append(need(".dockerconfigjson"), isJSON(data, ".dockerconfigjson")...)
	case "kubernetes.io/basic-auth":
		if len(present(data, "username", "password")) == 0 {
			return need("username", "password")
		}
	case "kubernetes.io/ssh-auth":
		if str(data, "ssh-privatekey") == "" {
			return field.ErrorList{field.Required(field.NewPath("data").Key("ssh-privatekey"), "")}
		}
	case "kubernetes.io/tls":
		return need("tls.crt", "tls.key")
	}
	return nil
}

func isJSON(data map[string]any, key string) field.ErrorList {
	raw, err := base64.StdEncoding.DecodeString(str(data, key))
	if _, ok := data[key]; !ok || err != nil {
		return nil
	}
	var value map[string]any
	if err := json.Unmarshal(raw, &value); err != nil {
		return field.ErrorList{field.Invalid(field.NewPath("data").Key(key), "<secret contents redacted>", err.Error())}
	}
	return nil
}
