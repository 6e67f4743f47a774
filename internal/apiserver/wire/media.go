package wire

import (
	"cmp"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The media types that are spoken.
const (
	mediaJSON     = "application/json"
	mediaYAML     = "application/yaml"
	mediaProtobuf = "application/vnd.kubernetes.protobuf"
)

// format is how an answer is written.
type format struct {
	media string
	// as is "", "Table", "PartialObjectMetadata" or "PartialObjectMetadataList".
	as string
	// stream says that the client asked for a media type of streams.
	stream bool
}

// offer is what an answer can be written as.
type offer struct {
	// protobuf says whether the kind can be written so.
	protobuf bool
	// routed says that the path has routes of its own, as those of built-in kinds have, which know no media type but by its full name;
	// streams that one of them is for watches.
	routed, streams bool
}

// negotiate picks the first format of an Accept header that can be spoken.
func negotiate(r *http.Request, o offer) (format, error) {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if accept == "" {
		return format{media: mediaJSON}, nil
	}
	for _, part := range byQuality(strings.Split(accept, ",")) {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		f := format{stream: params["stream"] == "watch"}
		switch media {
		case "application/*":
			if o.routed {
				continue
			}
			f.media = mediaJSON
		case "*/*", mediaJSON:
			f.media = mediaJSON
		case mediaYAML:
			f.media = mediaYAML
		case mediaProtobuf:
			if !o.protobuf {
				continue
			}
			f.media = mediaProtobuf
		default:
			continue
		}
		switch as := params["as"]; as {
		case "":
		case "Table", "PartialObjectMetadata", "PartialObjectMetadataList":
			if params["g"] != "meta.k8s.io" || params["v"] != "v1" || media == mediaProtobuf && as == "Table" {
				continue
			}
			f.as = as
		default:
			continue
		}
		return f, nil
	}
	err := apierrors.NewGenericServerResponse(http.StatusNotAcceptable, "", schema.GroupResource{}, "",
		"", 0, false)
	err.ErrStatus.Reason = "NotAcceptable"
	media := []string{mediaJSON, mediaYAML, mediaProtobuf}
	if o.streams {
		media = append(media, mediaJSON+";stream=watch", mediaProtobuf+";stream=watch")
	}
	err.ErrStatus.Message = "406: Not Acceptable\n\nAvailable representations: " + strings.Join(media, ", ")
	err.ErrStatus.Details = &metav1.StatusDetails{}
	if !o.routed {
		err.ErrStatus.Message = "only the following media types are accepted: " + strings.Join(media, ", ")
		err.ErrStatus.Details = nil
	}
	if strings.Contains(accept, mediaProtobuf) { // which a Status can be written in, and a custom resource not
		return format{media: mediaProtobuf}, err
	}
	return format{}, err
}

// byQuality sorts the parts of an Accept header by what they are liked (RFC 9110, section 12.4.2), those liked alike as they are.
func byQuality(parts []string) []string {
	if !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(p, "q=") }) {
		return parts
	}
	quality := func(part string) float64 {
		_, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || params["q"] == "" {
			return 1
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		if err != nil {
			return 1
		}
		return q
	}
	slices.SortStableFunc(parts, func(a, b string) int { return cmp.Compare(quality(b), quality(a)) })
	return parts
}

// bodyMedia returns the media type of a request's body, JSON when it names none.
func bodyMedia(r *http.Request) (string, error) {
	header := r.Header.Get("Content-Type")
	if header == "" {
		return mediaJSON, nil
	}
	media, _, err := mime.ParseMediaType(header)
	if err != nil {
		return "", unsupportedMedia()
	}
	return media, nil
}

func unsupportedMedia() error {
	err := apierrors.NewGenericServerResponse(http.StatusUnsupportedMediaType, "", schema.GroupResource{}, "", "", 0, false)
	err.ErrStatus.Reason = "UnsupportedMediaType"
	err.ErrStatus.Message = "the body of the request was in an unknown format - accepted media types include: " +
		strings.Join([]string{mediaJSON, mediaYAML, mediaProtobuf}, ", ")
	err.ErrStatus.Details = nil
	return err
}
