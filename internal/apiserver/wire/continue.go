package wire

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

// continueToken is what a client carries from page to page.
type continueToken struct {
	// Version is that of the list; anew when the rest is to be taken from the present state.
	Version   int64  `json:"rv"`
	Namespace string `json:"ns,omitempty"`
	Name      string `json:"name"`
}

// anew is the version of a token that continues an expired list inconsistently.
const anew = -1

func (t continueToken) encode() string {
	raw, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func parseContinue(text string) (continueToken, error) {
	var t continueToken
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	if err == nil && (t.Version == 0 || t.Name == "") {
		err = errors.New("incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
	}
	if err != nil {
		return t, apierrors.NewBadRequest(fmt.Sprintf("invalid continue token: continue key is not valid: %v", err))
	}
	return t, nil
}

// expiredPage is the error for a page of a list whose version is forgotten. It carries a token for the rest as it is now.
func expiredPage(err error, after *store.Key) error {
	var status *apierrors.StatusError
	if !errors.As(err, &status) || !apierrors.IsResourceExpired(err) {
		return err
	}
	if after == nil {
		return apierrors.NewResourceExpired("The resourceVersion for the provided list is too old.")
	}
	out := apierrors.NewResourceExpired("The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
		"the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided " +
		"token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned " +
		"and now may show up in the list.")
	out.ErrStatus.ListMeta = metav1.ListMeta{Continue: continueToken{Version: anew, Namespace: after.Namespace, Name: after.Name}.encode()}
	return out
}
