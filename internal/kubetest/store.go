package kubetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Store writes an object where the API server keeps it, past all that the server would say about it: an object from the days of
// an older server, say. The key is as in "/registry/configmaps/default/name", the value JSON at the version that is stored. The
// server learns of it by its watch. An existing cluster cannot do this.
func (c *ControlPlane) Store(ctx context.Context, key string, value []byte) error {
	if c.etcd == "" {
		return errors.New("store: an existing cluster's storage is not reachable")
	}
	// A PutRequest of etcd, by gRPC, for which a client library would be a dependency of the whole module.
	var put []byte
	for i, field := range [][]byte{[]byte(key), value} {
		put = append(put, byte(i+1)<<3|2)
		put = binary.AppendUvarint(put, uint64(len(field)))
		put = append(put, field...)
	}
	frame := append([]byte{0}, binary.BigEndian.AppendUint32(nil, uint32(len(put)))...)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.etcd+"/etcdserverpb.KV/Put", bytes.NewReader(append(frame, put...)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("TE", "trailers")
	transport := &http.Transport{Protocols: &http.Protocols{}}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	if err != nil {
		return fmt.Errorf("store %s: %w", key, err)
	}
	if status := resp.Trailer.Get("Grpc-Status"); status != "0" {
		return fmt.Errorf("store %s: etcd answered %s, status %q: %s", key, resp.Status, status, resp.Trailer.Get("Grpc-Message"))
	}
	return nil
}
