package health

// Reasons that programs branch on. Others are those of the object's own conditions, or are named by the rule.
const (
	// ReasonMissing: there is no object.
	ReasonMissing = "Missing"
	// ReasonDeleting: the object is on its way out.
	ReasonDeleting = "Deleting"
	// ReasonDeletionBlocked: the object should be gone, and finalizers hold it.
	ReasonDeletionBlocked = "DeletionBlocked"
	// ReasonNotObserved: the controller has not seen the object's latest change.
	ReasonNotObserved = "GenerationNotObserved"
	// ReasonNoStatus: no controller has reported on the object.
	ReasonNoStatus = "NoStatus"
	// ReasonNoVerdict: there is a status, and it follows no known convention.
	ReasonNoVerdict = "NoVerdict"
	// ReasonExists: the kind has nothing to converge; the object exists, and that is all.
	ReasonExists = "Exists"
)
