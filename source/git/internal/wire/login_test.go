package wire

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestScrub(t *testing.T) {
	c := Login{Username: "ada", Password: "p@ss word", Token: "tok/en", Passphrase: "p@ss word, longer"}
	for in, want := range map[string]string{
		"for ada: p@ss word": "for ada: ***", "p%40ss+word p@ss%20word": "*** ***", "tok/en tok%2Fen": "*** ***",
		"p@ss word, longer": "***", "YWRhOnBAc3Mgd29yZA==": "***",
	} {
		assert.Equal(t, want, c.scrub(in))
	}
	assert.Equal(t, "bad *** for git", Login{Username: "ghp_token"}.scrub("bad ghp_token for git"))
	assert.Equal(t, "git-upload-pack", Login{Username: "git"}.scrub("git-upload-pack"))
}

func TestALoginDoesNotShow(t *testing.T) {
	l := Login{Username: "ada", Password: "s3cret", Token: "s3cret", Key: []byte("s3cret"), Passphrase: "s3cret"}
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", l, l, &l, struct{ Login }{l}), "s3cret")
}
