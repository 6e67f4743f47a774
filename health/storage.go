package health

import "fmt"

func claim(o view) Result {
	switch phase := o.str("status", "phase"); phase {
	case "Bound":
		return healthy("Bound", "bound to volume %s", o.str("spec", "volumeName"))
	case "Lost":
		return degraded("Lost", fmt.Sprintf("volume %s, to which the claim was bound, is gone", o.str("spec", "volumeName")))
	case "Pending", "":
		return progressing("Pending", "waits for a volume; a storage class with volumeBindingMode WaitForFirstConsumer gives one when a pod uses the claim")
	default:
		return Result{Status: Unknown, Reason: "PhaseUnknown", Message: fmt.Sprintf("phase %q is not known", phase)}
	}
}

func volume(o view) Result {
	switch phase := o.str("status", "phase"); phase {
	case "Available", "Bound", "Released":
		return healthy(phase, "the volume is %s", phase)
	case "Failed":
		return degraded(orElse(o.str("status", "reason"), "Failed"), orElse(o.str("status", "message"), "the volume could not be reclaimed"))
	case "Pending", "":
		return progressing("Pending", "%s", orElse(o.str("status", "message"), "the volume is not available yet"))
	default:
		return Result{Status: Unknown, Reason: "PhaseUnknown", Message: fmt.Sprintf("phase %q is not known", phase)}
	}
}
