package kubectl_test

import (
	"regexp"
	"strings"
)

// masks replace what differs from run to run, and from server to server by nature: names that are drawn, addresses, times.
var masks = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000( UTC)?`), "TIME"},
	{regexp.MustCompile(`(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]+ \d{4} \d\d:\d\d:\d\d \+0000`), "TIME"},
	{regexp.MustCompile(`resourceVersion: "\d+"`), `resourceVersion: "VERSION"`},
	{regexp.MustCompile(`Resource Version:  +\d+`), `Resource Version:  VERSION`},
	{regexp.MustCompile(`pod-template-hash=[bcdfghjklmnpqrstvwxz2456789]+`), "pod-template-hash=HASH"},
	{regexp.MustCompile(`(https?://)?127\.0\.0\.1:\d+`), "SERVER"},
	{regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b`), "ADDRESS"},
	{regexp.MustCompile(`\b[a-z]+-([0-9a-f]{1,10}|[bcdfghjklmnpqrstvwxz2456789]{6,10})-[bcdfghjklmnpqrstvwxz2456789]{5}\b`), "POD"},
	{regexp.MustCompile(`\b(one|two|three|web)-[bcdfghjklmnpqrstvwxz2456789]{6,10}\b`), "SET"},
	{regexp.MustCompile(`\b(headless|web)-[bcdfghjklmnpqrstvwxz2456789]{5}\b`), "SLICE"},
	{regexp.MustCompile(`(?m)^([IWE]\d{4} |Waiting for ).*\n`), ""},
	{regexp.MustCompile(`/tmp/(LIVE|MERGED)-\d+`), "/tmp/$1"},
	{regexp.MustCompile(`nodePort: \d+`), "nodePort: PORT"},
	{regexp.MustCompile(`(\b80):3\d{4}/TCP`), "$1:PORT/TCP"},
	{regexp.MustCompile(`\b(\d+[dhms])+\b`), "AGE"},
	{regexp.MustCompile(`<(invalid|unknown)> +`), "AGE  "},
	{regexp.MustCompile(`\bnode-\d\b`), "NODE"},
	// The control plane has no controller for Ingresses.
	{regexp.MustCompile(`(?m)^Address:.*$`), "Address:"},
}

var blanks = regexp.MustCompile(`(\S) {2,}`)

// mask makes a text one that can be compared. The width of columns depends on what was masked, so it goes too.
func mask(text, namespace string) string {
	if namespace != "" {
		text = strings.ReplaceAll(text, namespace, "NAMESPACE")
	}
	for _, m := range masks {
		text = m.pattern.ReplaceAllString(text, m.with)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(blanks.ReplaceAllString(line, "$1  "), " \t\n")
		b.WriteString(line + "\n")
	}
	return b.String()
}
