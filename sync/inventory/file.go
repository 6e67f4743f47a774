package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
)

// LabelSet is the label by which the members of a set whose record is a [File] are known. Its value is the set's name.
const LabelSet = "setpoint.dev/set"

// keptVersions is how many versions before the latest stay. A version is removed only by who saves one so much later, so that a writer
// who was slow cannot take the name of one that is gone for the next.
const keptVersions = 8

// File is an inventory whose record is a file on disk, as JSON: for a tool that may not keep anything in the cluster, and for looking at.
// Each version of the record is a file of its own, path.1, path.2 and so on, of which the highest counts and all but the last few are
// removed, since a file that must not exist yet is what every file system can make atomically. The set's writers have to share the
// directory: on a file system without hard links saving fails. It is safe for concurrent use, by several processes as well.
type File struct{ path, name string }

// NewFile returns the inventory of the set of that name, with its record at a path whose directory must exist. It touches no file. The
// error says that the name is no value of a label.
func NewFile(path, name string) (*File, error) {
	if faults := validation.IsValidLabelValue(name); name == "" || len(faults) > 0 {
		return nil, fmt.Errorf("file inventory %s: the set's name %q is no value for a label: %s", path, name, strings.Join(faults, "; "))
	}
	return &File{path: path, name: name}, nil
}

// Label puts the set's label on obj.
func (f *File) Label(obj *unstructured.Unstructured) error {
	labels := obj.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[LabelSet] = f.name
	obj.SetLabels(labels)
	return nil
}

// Load reads the record. Where there is no file it is empty.
func (f *File) Load(ctx context.Context) (*setsync.Record, error) {
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		versions, err := f.versions()
		if err != nil {
			return nil, err
		}
		if len(versions) == 0 {
			return &setsync.Record{}, nil
		}
		latest := versions[len(versions)-1]
		raw, err := os.ReadFile(f.at(latest))
		if errors.Is(err, fs.ErrNotExist) {
			continue // Another has come since.
		}
		if err != nil {
			return nil, fmt.Errorf("load record: %w", err)
		}
		r, err := unmarshal(raw)
		if err != nil {
			return nil, fmt.Errorf("load record %s: %w", f.at(latest), err)
		}
		r.Version = strconv.FormatUint(latest, 10)
		return r, nil
	}
}

// Save stores the record as the version after r.Version. The error matches [cluster.ErrConflict] when there is one already.
func (f *File) Save(ctx context.Context, r *setsync.Record) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	before, err := f.number(r.Version)
	if err != nil {
		return err
	}
	versions, err := f.versions()
	if err != nil {
		return err
	}
	var latest uint64
	if len(versions) > 0 {
		latest = versions[len(versions)-1]
	}
	if latest != before {
		return f.conflict(latest, before)
	}
	raw, err := marshal(r)
	if err != nil {
		return fmt.Errorf("save record: %w", err)
	}
	draft, err := f.draft(raw)
	if err != nil {
		return fmt.Errorf("save record: %w", err)
	}
	defer func() { _ = os.Remove(draft) }()
	// Unlike a rename, a link fails when the name is taken.
	switch err := os.Link(draft, f.at(before+1)); {
	case errors.Is(err, fs.ErrExist):
		return f.conflict(before+1, before)
	case err != nil:
		return fmt.Errorf("save record: %w", err)
	}
	if versions, err = f.versions(); err != nil {
		return err
	}
	if latest = versions[len(versions)-1]; latest >= before+1+keptVersions {
		// So much has come since the look before that the name may have been free because it was used up.
		_ = os.Remove(f.at(before + 1))
		return f.conflict(latest, before)
	}
	r.Version = strconv.FormatUint(before+1, 10)
	for _, old := range versions {
		if old+keptVersions <= before {
			_ = os.Remove(f.at(old)) // One that stays is overruled.
		}
	}
	return nil
}

func (f *File) conflict(is, was uint64) error {
	return fmt.Errorf("save record %s: %w: it is at version %d and not %d", f.path, cluster.ErrConflict, is, was)
}

// number reads a version. The empty one is that of a record that was never saved.
func (f *File) number(version string) (uint64, error) {
	if version == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(version, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("save record %s: %w: %q is no version of it", f.path, cluster.ErrConflict, version)
	}
	return n, nil
}

func (f *File) at(version uint64) string { return f.path + "." + strconv.FormatUint(version, 10) }

// versions lists those that are there, in their order.
func (f *File) versions() ([]uint64, error) {
	entries, err := os.ReadDir(filepath.Dir(f.path))
	if err != nil {
		return nil, fmt.Errorf("read records: %w", err)
	}
	var out []uint64
	for _, e := range entries {
		suffix, ok := strings.CutPrefix(e.Name(), filepath.Base(f.path)+".")
		if !ok {
			continue
		}
		if n, err := strconv.ParseUint(suffix, 10, 64); err == nil && n > 0 && strconv.FormatUint(n, 10) == suffix {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// draft writes a file beside the record, whole and on disk.
func (f *File) draft(raw []byte) (name string, err error) {
	file, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".draft-*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(raw)
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

func marshal(r *setsync.Record) ([]byte, error) {
	raw, err := json.MarshalIndent(sorted(r), "", "  ")
	return append(raw, '\n'), err
}
