package schema

import "regexp"

// reference is the grammar of an image reference, with the tag and the digest as groups. The first part is a registry when it
// has a dot or a port, is localhost, or is not in lower case.
var reference = regexp.MustCompile(`^(?:(?:localhost|[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9-]*[A-Z][a-zA-Z0-9-]*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?/|[a-zA-Z0-9-]+:[0-9]+/)?` +
	`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*` +
	`(?::(\w[\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[[:xdigit:]]{32,}))?$`)

// pullPolicy returns how an image is pulled when nothing is said: always, when it has the tag "latest" or neither tag nor
// digest.
func pullPolicy(image string) string {
	parts := reference.FindStringSubmatch(image)
	if parts != nil && (parts[1] == "latest" || parts[1] == "" && parts[2] == "") {
		return "Always"
	}
	return "IfNotPresent"
}
