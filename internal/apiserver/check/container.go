package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// probe: one way to ask.
func probe(obj map[string]any, at *field.Path) field.ErrorList {
	return oneOf(obj, at, "must specify a handler type", "may not specify more than 1 handler type", "exec", "httpGet", "tcpSocket", "grpc")
}

// lifecycleHandler: one thing to do.
func lifecycleHandler(obj map[string]any, at *field.Path) field.ErrorList {
	return oneOf(obj, at, "must specify a handler type", "may not specify more than 1 handler type", "exec", "httpGet", "tcpSocket", "sleep")
}

// variable: a value, or one place that it comes from.
func variable(obj map[string]any, at *field.Path) field.ErrorList {
	from := object(obj, "valueFrom")
	if from == nil {
		return nil
	}
	where := at.Child("valueFrom")
	sources := present(from, "fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
	switch {
	case len(sources) == 0:
		return field.ErrorList{field.Invalid(where, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`")}
	case str(obj, "value") != "":
		return field.ErrorList{field.Invalid(where, "", "may not be specified when `value` is not empty")}
	case len(sources) > 1:
		return field.ErrorList{field.Invalid(where, "", "may not have more than one field specified at a time")}
	}
	return nil
}

// variables: all of one object.
func variables(obj map[string]any, at *field.Path) field.ErrorList {
	where := at.String()
	where = where[:strings.LastIndex(where, "[")]
	switch len(present(obj, "configMapRef", "secretRef")) {
	case 0:
		return field.ErrorList{{Type: field.ErrorTypeInvalid, Field: where, BadValue: "", Detail: "must specify one of: `configMapRef` or `secretRef`"}}
	case 2:
		return field.ErrorList{{Type: field.ErrorTypeInvalid, Field: where, BadValue: "", Detail: "may not have more than one field specified at a time"}}
	}
	return nil
}

// podFields are the fields of a pod that its containers can see; files are what only volumes can show, values only variables.
var (
	podFields = []string{
		"metadata.name", "metadata.namespace", "metadata.uid", "metadata.annotations", "metadata.labels", "spec.nodeName",
		"spec.restartPolicy", "spec.serviceAccountName", "spec.schedulerName", "spec.hostNetwork", "status.phase", "status.hostIP",
		"status.hostIPs", "status.podIP", "status.podIPs", "status.nominatedNodeName",
	}
	fileFields  = []string{"metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations"}
	valueFields = []string{
		"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
		"status.hostIPs", "status.podIP", "status.podIPs",
	}
)

// fieldReference: a field of the pod that can be shown there.
func fieldReference(obj map[string]any, at *field.Path) field.ErrorList {
	path, where := str(obj, "fieldPath"), at.Child("fieldPath")
	file := strings.HasSuffix(at.String(), "].fieldRef") && !strings.Contains(at.String(), ".valueFrom.")
	if file {
		where = noList(where)
	}
	if path == "" {
		return nil
	}
	if version := str(obj, "apiVersion"); version != "v1" {
		return field.ErrorList{field.Invalid(where, path, "error converting fieldPath: unsupported pod version: "+version)}
	}
	name, key, subscripted := strings.Cut(path, "['")
	if subscripted && strings.HasSuffix(key, "']") {
		if name != "metadata.annotations" && name != "metadata.labels" {
			return field.ErrorList{field.Invalid(where, path, "error converting fieldPath: field label does not support subscript: "+name)}
		}
		key = strings.TrimSuffix(key, "']")
		if name == "metadata.annotations" {
			key = strings.ToLower(key)
		}
		var errs field.ErrorList
		for _, fault := range formats["qualified"](key) {
			errs = append(errs, field.Invalid(where, key, fault.Detail))
		}
		return errs
	}
	allowed := valueFields
	if file {
		allowed = fileFields
	}
	switch {
	case !slices.Contains(podFields, path):
		return field.ErrorList{field.Invalid(where, path, "error converting fieldPath: field label not supported: "+path)}
	case !slices.Contains(allowed, path):
		return field.ErrorList{field.NotSupported(where, path, slices.Sorted(slices.Values(allowed)))}
	}
	return nil
}

// noList is a path as if the innermost structure were not in a list, as the server reports some.
func noList(at *field.Path) *field.Path {
	text := at.String()
	end := strings.LastIndex(text, "].")
	start := strings.LastIndex(text[:max(end, 0)], ".")
	if end < 0 || start < 0 {
		return at
	}
	return field.NewPath(text[:start] + text[end+1:])
}

// resources: nobody asks for more than he may have, and what cannot be overcommitted is asked for exactly.
func resources(obj map[string]any, at *field.Path) field.ErrorList {
	if strings.Contains(at.String(), "volumeClaimTemplate") || !strings.Contains(at.String(), "ontainers[") && !strings.HasSuffix(at.String(), "spec.resources") {
		return nil
	}
	return requirements(obj, at)
}

func requirements(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	requests, limits := object(obj, "requests"), object(obj, "limits")
	for _, part := range []string{"limits", "requests"} {
		set := object(obj, part)
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if pods := strings.HasSuffix(at.String(), "spec.resources"); pods {
				if name != "cpu" && name != "memory" && !strings.HasPrefix(name, "hugepages-") && len(resourceName(name)) == 0 {
					errs = append(errs, field.NotSupported(at.Child(part).Key(name), name, []string{"cpu", "hugepages-", "memory"}))
				}
			} else {
				for _, f := range formats["containerresource"](name) {
					errs = append(errs, field.Invalid(at.Child(part).Key(name), name, f.Detail))
				}
			}
			errs = append(errs, amount(name, set[name], at.Child(part).Key(name))...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		asked, ok := parse(requests[name])
		limit, limited := parse(limits[name])
		exact := !inDefaultNamespace(name) || strings.HasPrefix(name, "hugepages-")
		switch {
		case !ok:
		case !limited && exact:
			errs = append(errs, field.Required(at.Child("limits"), "Limit must be set for non overcommitable resources"))
		case !limited:
		case exact && asked.Cmp(limit) != 0:
			errs = append(errs, field.Invalid(at.Child("requests"), asked.String(), fmt.Sprintf("must be equal to %s limit of %s", name, limit.String())))
		case asked.Cmp(limit) > 0:
			errs = append(errs, field.Invalid(at.Child("requests"), asked.String(), fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	huge := func(set map[string]any) bool {
		for name := range set {
			if strings.HasPrefix(name, "hugepages-") {
				return true
			}
		}
		return false
	}
	if len(present(limits, "cpu", "memory"))+len(present(requests, "cpu", "memory")) == 0 && (huge(limits) || huge(requests)) {
		errs = append(errs, field.Forbidden(at, "HugePages require cpu or memory"))
	}
	return errs
}

// amount: as what is counted; of pages, whole ones.
func amount(name string, value any, at *field.Path) field.ErrorList {
	errs := counted(name, value, at)
	q, ok := parse(value)
	if !ok {
		return errs
	}
	if size, huge := strings.CutPrefix(name, "hugepages-"); huge {
		page, ok := parse(size)
		if ok && page.Value() > 0 && (q.MilliValue()%1000 != 0 || q.Value()%page.Value() != 0 || q.Sign() < 0) {
			errs = append(errs, field.Invalid(at, q.String(), fmt.Sprintf("%s is not positive integer multiple of %s", q.String(), name)))
		}
	}
	return errs
}

// counted: not negative; whole where things are counted.
func counted(name string, value any, at *field.Path) field.ErrorList {
	q, ok := parse(value)
	if !ok {
		return nil
	}
	var errs field.ErrorList
	if q.Sign() < 0 {
		errs = append(errs, field.Invalid(at, q.String(), notNegative))
	}
	if (extended(name) || slices.Contains(wholeResources, name)) && q.MilliValue()%1000 != 0 {
		errs = append(errs, field.Invalid(at, q.String(), "must be an integer"))
	}
	return errs
}

// container is a container in its pod.
type container struct {
	obj map[string]any
	at  *field.Path
	// init says that it runs before the others, sidecar that it keeps running.
	init, sidecar bool
}

// containersOf returns the containers of a pod.
func containersOf(spec map[string]any, at *field.Path) []container {
	var out []container
	for _, part := range []string{"containers", "initContainers"} {
		for i, c := range list(spec, part) {
			obj, _ := c.(map[string]any)
			out = append(out, container{
				obj: obj, at: at.Child(part).Index(i), init: part == "initContainers", sidecar: part == "initContainers" && str(obj, "restartPolicy") == "Always",
			})
		}
	}
	return out
}

// check holds a container to its pod.
func (c container) check(pod map[string]any, volumes map[string]map[string]any) field.ErrorList {
	return slices.Concat(c.mounts(volumes), c.ports(pod), c.resizing(pod), c.handlers(pod), c.restarts(pod), c.claims(pod), c.security(pod), c.files(pod))
}

// mounts: of volumes that the pod has, each at a place of its own; of claims as devices.
func (c container) mounts(volumes map[string]map[string]any) field.ErrorList {
	var errs field.ErrorList
	places, devices := map[string]bool{}, map[string]bool{}
	for _, d := range list(c.obj, "volumeDevices") {
		devices[str(d, "name")] = true
		places["device "+str(d, "devicePath")] = true
	}
	mounted := map[string]bool{}
	for i, m := range list(c.obj, "volumeMounts") {
		at := c.at.Child("volumeMounts").Index(i)
		name, path := str(m, "name"), str(m, "mountPath")
		if _, ok := volumes[name]; !ok {
			errs = append(errs, field.NotFound(at.Child("name"), name))
		}
		mounted[name] = true
		if places[path] {
			errs = append(errs, field.Invalid(at.Child("mountPath"), path, "must be unique"))
		}
		places[path] = true
		if devices[name] {
			errs = append(errs, field.Invalid(at.Child("name"), name, "must not already exist in volumeDevices"))
		}
		if places["device "+path] {
			errs = append(errs, field.Invalid(at.Child("mountPath"), path, "must not already exist as a path in volumeDevices"))
		}
		if str(m, "subPath") != "" && str(m, "subPathExpr") != "" {
			errs = append(errs, field.Invalid(at.Child("subPathExpr"), str(m, "subPathExpr"), "subPathExpr and subPath are mutually exclusive"))
		}
		errs = append(errs, c.propagation(m, i)...)
	}
	seen, paths := map[string]bool{}, map[string]bool{}
	for i, d := range list(c.obj, "volumeDevices") {
		at := c.at.Child("volumeDevices").Index(i)
		name, path := str(d, "name"), str(d, "devicePath")
		v, ok := volumes[name]
		switch {
		case name == "":
		case seen[name]:
			errs = append(errs, field.Invalid(at.Child("name"), name, "must be unique"))
		case ok && v["persistentVolumeClaim"] == nil && v["ephemeral"] == nil:
			errs = append(errs, field.Invalid(at.Child("name"), name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"))
		}
		if !ok {
			errs = append(errs, field.NotFound(at.Child("name"), name))
		}
		if path != "" && paths[path] {
			errs = append(errs, field.Invalid(at.Child("devicePath"), path, "must be unique"))
		}
		seen[name], paths[path] = true, true
	}
	return errs
}

// propagation: both ways only where the container may do anything; read-only all the way down only where it is read-only.
func (c container) propagation(mount any, _ int) field.ErrorList {
	var errs field.ErrorList
	at := c.at.Child("volumeMounts")
	if str(mount, "mountPropagation") == "Bidirectional" && get(c.obj, "securityContext", "privileged") != true {
		errs = append(errs, field.Forbidden(at.Child("mountPropagation"), "Bidirectional mount propagation is available only to privileged containers"))
	}
	if way := str(mount, "recursiveReadOnly"); way == "Enabled" || way == "IfPossible" {
		if get(mount, "readOnly") != true {
			errs = append(errs, field.Forbidden(at.Child("recursiveReadOnly"), "may only be specified when readOnly is true"))
		}
		if p := str(mount, "mountPropagation"); get(mount, "mountPropagation") != nil && p != "None" {
			errs = append(errs, field.Forbidden(at.Child("recursiveReadOnly"), "may only be specified when mountPropagation is None or not specified"))
		}
	}
	return errs
}

// ports: named once; on the host, the same port where the pod is in the host's network.
func (c container) ports(pod map[string]any) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i, p := range list(c.obj, "ports") {
		at := c.at.Child("ports").Index(i)
		if name := str(p, "name"); name != "" {
			if names[name] {
				errs = append(errs, field.Duplicate(at.Child("name"), name))
			}
			names[name] = true
		}
		host, _ := number(p, "hostPort")
		inside, _ := number(p, "containerPort")
		if host < 0 || host > 65535 {
			errs = append(errs, field.Invalid(at.Child("hostPort"), host, anyPort))
		}
		if get(pod, "hostNetwork") == true && host != 0 && host != inside {
			errs = append(errs, field.Invalid(at.Child("hostPort"), inside, "must match `containerPort` when `hostNetwork` is true"))
		}
	}
	return errs
}

// hostPorts reports ports of the host that are taken twice.
func hostPorts(list []container) field.ErrorList {
	var errs field.ErrorList
	taken := map[string]bool{}
	for _, c := range list {
		if c.init {
			taken = map[string]bool{}
		}
		for i, p := range portsOf(c.obj) {
			host, _ := number(p, "hostPort")
			if host == 0 {
				continue
			}
			key := str(p, "protocol") + "/" + str(p, "hostIP") + "/" + strconv.FormatInt(host, 10)
			if taken[key] {
				errs = append(errs, field.Duplicate(c.at.Child("ports").Index(i).Child("hostPort"), key))
			}
			taken[key] = true
		}
	}
	return errs
}

func portsOf(c map[string]any) []any { return list(c, "ports") }

// handlers: liveness and start are proven by one success; who runs once is not probed; a pause ends before the pod does.
func (c container) handlers(pod map[string]any) field.ErrorList {
	var errs field.ErrorList
	names := []string{"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"}
	if c.init && !c.sidecar {
		for _, name := range present(c.obj, names...) {
			errs = append(errs, field.Forbidden(c.at.Child(name), "may not be set for init containers without restartPolicy=Always"))
		}
		return errs
	}
	if c.init {
		for _, name := range []string{"livenessProbe", "startupProbe"} {
			if n, ok := number(c.obj, name, "successThreshold"); ok && n != 1 {
				errs = append(errs, field.Invalid(c.at.Child(name, "successThreshold"), n, "must be 1"))
			}
		}
	}
	grace, ok := number(pod, "terminationGracePeriodSeconds")
	for _, when := range []string{"postStart", "preStop"} {
		n, pauses := number(c.obj, "lifecycle", when, "sleep", "seconds")
		if pauses && ok && grace > 0 && (n < 0 || n > grace) {
			errs = append(errs, field.Invalid(c.at.Child("lifecycle", when, "sleep"), n,
				fmt.Sprintf("must be non-negative and less than terminationGracePeriodSeconds (%d)", grace)))
		}
	}
	if get(c.obj, "readinessProbe", "terminationGracePeriodSeconds") != nil {
		errs = append(errs, field.Invalid(c.at.Child("readinessProbe", "terminationGracePeriodSeconds"),
			get(c.obj, "readinessProbe", "terminationGracePeriodSeconds"), "must not be set for readinessProbes"))
	}
	return errs
}

// claims: of devices that the pod has claimed.
func (c container) claims(pod map[string]any) field.ErrorList {
	return claimNames(list(c.obj, "resources", "claims"), pod, c.at.Child("resources", "claims"))
}

// claimNames: each claim whole once, or requests in it, each once.
func claimNames(claims []any, pod map[string]any, where *field.Path) field.ErrorList {
	var errs field.ErrorList
	var known []string
	for _, r := range list(pod, "resourceClaims") {
		known = append(known, str(r, "name"))
	}
	slices.Sort(known)
	taken := map[string]bool{}
	for i, r := range claims {
		at, name, request := where.Index(i), str(r, "name"), str(r, "request")
		if name == "" {
			errs = append(errs, field.Required(at, ""))
			continue
		}
		key := name
		if request != "" {
			key += "/" + request
		}
		switch {
		case taken[name]:
			errs = append(errs, field.Duplicate(at, name))
		case taken[key]:
			errs = append(errs, field.Duplicate(at, key))
		case request == "":
			for other := range taken {
				if strings.HasPrefix(other, name+"/") {
					errs = append(errs, field.Duplicate(at, name))
				}
			}
		}
		taken[key] = true
		if slices.Contains(known, name) {
			continue
		}
		e := field.NotFound(at, name)
		e.Detail = "must be one of the names in pod.spec.resourceClaims which is empty"
		if len(known) > 0 {
			e.Detail = "must be one of the names in pod.spec.resourceClaims: " + strings.Join(known, ", ")
		}
		errs = append(errs, e)
	}
	return errs
}

// files: a value from a file is from one in a directory that the pod fills itself.
func (c container) files(pod map[string]any) field.ErrorList {
	var errs field.ErrorList
	for i, e := range list(c.obj, "env") {
		ref := object(e, "valueFrom", "fileKeyRef")
		if ref == nil {
			continue
		}
		name, at := str(ref, "volumeName"), c.at.Child("env").Index(i).Child("valueFrom", "fileKeyRef", "volumeName")
		j := slices.IndexFunc(list(pod, "volumes"), func(v any) bool { return str(v, "name") == name })
		switch {
		case j < 0:
			errs = append(errs, field.NotFound(at, name))
		case object(list(pod, "volumes")[j], "emptyDir") == nil:
			errs = append(errs, field.Invalid(at, name, "referenced volume must be of type emptyDir"))
		}
	}
	return errs
}

// fileKey: a variable in a file of a volume.
func fileKey(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for name, form := range map[string]string{"key": "relaxedenvname", "volumeName": "label", "path": "backsteps"} {
		value := str(obj, name)
		if value == "" {
			errs = append(errs, field.Required(at.Child(name), ""))
			continue
		}
		for _, f := range formats[form](value) {
			errs = append(errs, field.Invalid(at.Child(name), value, f.Detail))
		}
	}
	return errs
}

// httpHeaders: each has a name.
func httpHeaders(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, h := range list(obj, "httpHeaders") {
		for _, f := range formats["header"](str(h, "name")) {
			errs = append(errs, field.Invalid(at.Child("httpHeaders"), str(h, "name"), f.Detail))
		}
	}
	return errs
}

// security: who may do anything can gain anything.
func (c container) security(map[string]any) field.ErrorList {
	context, at := object(c.obj, "securityContext"), c.at.Child("securityContext")
	if context["allowPrivilegeEscalation"] != false {
		return nil
	}
	if context["privileged"] == true {
		return field.ErrorList{field.Invalid(at, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")}
	}
	for _, capability := range list(context, "capabilities", "add") {
		if capability == "CAP_SYS_ADMIN" {
			return field.ErrorList{field.Invalid(at, context, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")}
		}
	}
	return nil
}

// profile: of a type.
func profile(missing string) func(obj map[string]any, at *field.Path) field.ErrorList {
	return func(obj map[string]any, at *field.Path) field.ErrorList {
		if str(obj, "type") == "" {
			return field.ErrorList{field.Required(at.Child("type"), missing)}
		}
		return nil
	}
}

// armor: a profile of a type, and with a name only where it is one of the node's.
func armor(obj map[string]any, at *field.Path) field.ErrorList {
	errs := profile("type is required when appArmorProfile is set")(obj, at)
	if kind := str(obj, "type"); (kind == "RuntimeDefault" || kind == "Unconfined") && obj["localhostProfile"] != nil {
		errs = append(errs, field.Invalid(at.Child("localhostProfile"), obj["localhostProfile"], "can only be set when AppArmor type is Localhost"))
	}
	return errs
}

// seccomp: a profile of a type, and with a file only where it is one.
func seccomp(obj map[string]any, at *field.Path) field.ErrorList {
	errs := profile("type is required when seccompProfile is set")(obj, at)
	if kind := str(obj, "type"); kind != "Localhost" && kind != "RuntimeDefault" && kind != "Unconfined" && obj["localhostProfile"] != nil {
		errs = append(errs, field.Invalid(at.Child("localhostProfile"), obj, "can only be set when seccomp type is Localhost"))
	}
	return errs
}
