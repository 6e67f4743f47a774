package model

import (
	"reflect"

	core "k8s.io/api/core/v1"
)

const fileMode = int64(0o644)

var (
	scaleIO = []rule{set("storageMode", "ThinProvisioned"), set("fsType", "xfs")}
	rbd     = []rule{set("pool", "rbd"), set("user", "admin"), set("keyring", "/etc/ceph/keyring")}
	iscsi   = []rule{set("iscsiInterface", "default")}
)

// volumeDefaults are those of volumes and claims.
var volumeDefaults = map[reflect.Type][]rule{
	of[core.Volume](): {adjust(func(v map[string]any) {
		if len(v) == 1 && v["name"] != nil {
			v["emptyDir"] = empty()
		}
	})},
	of[core.ImageVolumeSource](): {derive("pullPolicy", func(v map[string]any) any { return pullPolicy(v["reference"]) })},

	of[core.SecretVolumeSource]():            {set("defaultMode", fileMode)},
	of[core.ConfigMapVolumeSource]():         {set("defaultMode", fileMode)},
	of[core.DownwardAPIVolumeSource]():       {set("defaultMode", fileMode)},
	of[core.ProjectedVolumeSource]():         {set("defaultMode", fileMode)},
	of[core.ServiceAccountTokenProjection](): {set("expirationSeconds", int64(3600))},
	of[core.HostPathVolumeSource]():          {adjust(func(v map[string]any) { setAbsent(v, "type", "") })},
	of[core.ScaleIOVolumeSource]():           scaleIO,
	of[core.ScaleIOPersistentVolumeSource](): scaleIO,
	of[core.RBDVolumeSource]():               rbd,
	of[core.RBDPersistentVolumeSource]():     rbd,
	of[core.ISCSIVolumeSource]():             iscsi,
	of[core.ISCSIPersistentVolumeSource]():   iscsi,
	of[core.AzureDiskVolumeSource](): {
		set("cachingMode", "ReadWrite"), set("fsType", "ext4"), set("readOnly", false), set("kind", "Shared"),
	},

	of[core.PersistentVolumeSpec](): {
		set("persistentVolumeReclaimPolicy", "Retain"), set("volumeMode", "Filesystem"),
	},
	of[core.PersistentVolumeStatus]():      {set("phase", "Pending")},
	of[core.PersistentVolumeClaimSpec]():   {set("volumeMode", "Filesystem")},
	of[core.PersistentVolumeClaimStatus](): {set("phase", "Pending")},
}
