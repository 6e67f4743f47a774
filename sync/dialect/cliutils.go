package dialect

const (
	cliDependsOn = "config.kubernetes.io/depends-on"
	cliDeletion  = "client.lifecycle.config.k8s.io/deletion"
	cliMutation  = "client.lifecycle.config.k8s.io/mutation"
	cliOnRemove  = "cli-utils.sigs.k8s.io/on-remove"
)

func readCLIUtils(r *reader) {
	for _, a := range []struct{ key, word string }{{cliDeletion, "detach"}, {cliOnRemove, "keep"}} {
		switch value, ok := r.annotations[a.key]; {
		case !ok:
		case value == a.word:
			r.out.Prune.stricter(No, says(a.key, value))
			r.out.Delete.stricter(No, says(a.key, value))
		default:
			r.fault(a.key, value, "it should be "+a.word)
		}
	}
	switch value, ok := r.annotations[cliMutation]; {
	case !ok:
	case value == "ignore":
		r.out.Apply, r.out.Because = CreateOnly, says(cliMutation, value)
	default:
		r.fault(cliMutation, value, "it should be ignore")
	}
	r.dependsOn(cliDependsOn)
}
