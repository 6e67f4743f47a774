package objects

import (
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
)

func TestParseCommit(t *testing.T) {
	const hash = "8f3c0d2a1b2c3d4e5f60718293a4b5c6d7e8f901"
	c, err := ParseCommit(plumbing.ZeroHash, []byte("tree "+hash+"\nparent "+hash+"\nparent "+hash+"\n"+
		"author Ada <Lovelace> <ada@example.com> 1700000000 +0530\ncommitter Bot <bot@example.com> 1700000100 -0330\n"+
		"gpgsig -----BEGIN PGP SIGNATURE-----\n \n tree 0000\n -----END PGP SIGNATURE-----\n\nsubject\n\ntree of things\n"))
	require.NoError(t, err)
	assert.Equal(t, hash, c.Tree.String())
	assert.Equal(t, 2, c.Parents)
	assert.Equal(t, "Ada", c.Author)
	assert.Equal(t, "Lovelace> <ada@example.com", c.Email)
	assert.True(t, time.Unix(1700000100, 0).Equal(c.Time))
	assert.Equal(t, "2023-11-14T18:45:00-03:30", c.Time.Format(time.RFC3339))
	assert.Equal(t, "subject\n\ntree of things\n", c.Message)

	for _, who := range []string{"", "Ada", "Ada <", "Ada <a@b>", "Ada <a@b> soon", "<> 99999999999999999999 +9999"} {
		c, err := ParseCommit(plumbing.ZeroHash, []byte("tree "+hash+"\nauthor "+who+"\ncommitter "+who+"\n\nx"))
		require.NoError(t, err, who)
		assert.True(t, c.Time.IsZero(), who)
	}
	for _, bad := range []string{"", "\n\n", "tree\n\nx", "tree 123\n\nx", "\ntree " + hash + "\n"} {
		_, err := ParseCommit(plumbing.ZeroHash, []byte(bad))
		assert.ErrorIs(t, err, source.ErrCorrupt, "%q", bad)
	}
}
