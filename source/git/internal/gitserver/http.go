package gitserver

import (
	"compress/gzip"
	"io"
	"net/http"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
)

// Handler serves the repository over smart HTTP, at any path that does not begin with /none.
func (r *Repo) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{owner}/{name}/info/refs", func(w http.ResponseWriter, req *http.Request) {
		if req.FormValue("service") != "git-upload-pack" || req.PathValue("owner") == "none" {
			http.NotFound(w, req)
			return
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		enc := pktline.NewEncoder(w)
		must(enc.EncodeString("# service=git-upload-pack\n"))
		must(enc.Flush())
		_ = r.Advertise(w)
	})
	mux.HandleFunc("POST /{owner}/{name}/git-upload-pack", func(w http.ResponseWriter, req *http.Request) {
		var body io.Reader = req.Body
		if req.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = z
		}
		w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
		if r.UploadPack(body, w) != nil {
			panic(http.ErrAbortHandler) // so that the client sees a broken connection
		}
	})
	return mux
}
