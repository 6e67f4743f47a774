package sync

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// FprintGraph writes the plan as a flow chart in Mermaid's language, which code hosts draw: a node for each step, and an arrow from each
// step to those that need it. What is left alone is not in it. It shows no secret, and is the same for equal plans. See
// https://mermaid.js.org/syntax/flowchart.html.
func (p *Plan) FprintGraph(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "flowchart TD")
	nodes := make(map[string]string, len(p.steps))
	for i := range p.steps {
		s := &p.steps[i]
		if s.Action == Skip {
			continue
		}
		name := fmt.Sprintf("s%d", i)
		nodes[s.ID] = name
		text := string(s.Action) + " " + s.Ref.String()
		if s.Action == Gate {
			text = s.Reason
		}
		opening, closing := `["`, `"]`
		switch s.Action {
		case Gate:
			opening, closing = `{{"`, `"}}`
		case Hook:
			opening, closing = `(["`, `"])`
			text = string(s.Phase) + " " + text
		}
		fmt.Fprintf(out, "    %s%s%s%s\n", name, opening, mermaid(text), closing)
	}
	for i := range p.steps {
		for _, need := range p.steps[i].Needs {
			fmt.Fprintf(out, "    %s --> %s\n", nodes[need], nodes[p.steps[i].ID])
		}
	}
	return out.Flush()
}

// mermaid writes a text as it may stand between the quotes of a node: with entity codes for what would end or form it.
func mermaid(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < ' ' || strings.ContainsRune(`"#;<>&`+"`\\", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
