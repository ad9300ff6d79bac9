package sealing_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/platform/sealing"
)

func newEntry(t require.TestingT, id string) string {
	entry, err := sealing.Generate(id)
	require.NoError(t, err)
	return entry
}

func parse(t require.TestingT, entries ...string) *sealing.Keyring {
	keyring, err := sealing.Parse(strings.Join(entries, ","))
	require.NoError(t, err)
	return keyring
}

func TestWhatIsSealedOpensAgain(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		additionalData := rapid.SliceOf(rapid.Byte()).Draw(t, "additional data")

		opened, err := keyring.Open(keyring.Seal(plaintext, additionalData), additionalData)

		require.NoError(t, err)
		require.True(t, bytes.Equal(plaintext, opened))
	})
}

func TestSealingTwiceGivesDifferentValues(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	require.NotEqual(t, keyring.Seal([]byte("same"), nil), keyring.Seal([]byte("same"), nil))
}

func TestSealedValueHidesItsPlaintext(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOfN(rapid.Byte(), 8, -1).Draw(t, "plaintext")
		require.False(t, bytes.Contains(keyring.Seal(plaintext, nil), plaintext))
	})
}

func TestAnyAlteredByteIsRefused(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	rapid.Check(t, func(t *rapid.T) {
		sealed := keyring.Seal(rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext"), []byte("place"))
		position := rapid.IntRange(0, len(sealed)-1).Draw(t, "position")
		sealed[position] ^= rapid.ByteRange(1, 255).Draw(t, "change")

		_, err := keyring.Open(sealed, []byte("place"))

		require.Error(t, err)
	})
}

func TestAlteredCiphertextIsTampered(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	sealed := keyring.Seal([]byte("secret"), nil)
	sealed[len(sealed)-1] ^= 1
	_, err := keyring.Open(sealed, nil)
	require.ErrorIs(t, err, sealing.ErrTampered)
}

func TestAnyCutIsRefused(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	sealed := keyring.Seal([]byte("secret"), nil)
	for length := range sealed {
		_, err := keyring.Open(sealed[:length], nil)
		require.Error(t, err, "cut to %d bytes", length)
	}
}

func TestOtherAdditionalDataIsTampered(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	rapid.Check(t, func(t *rapid.T) {
		sealedFor := rapid.SliceOf(rapid.Byte()).Draw(t, "sealed for")
		openedFor := rapid.SliceOf(rapid.Byte()).Filter(func(b []byte) bool {
			return !bytes.Equal(b, sealedFor)
		}).Draw(t, "opened for")

		_, err := keyring.Open(keyring.Seal([]byte("secret"), sealedFor), openedFor)

		require.ErrorIs(t, err, sealing.ErrTampered)
	})
}

func TestRotation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 5).Draw(t, "keys")
		var newestFirst []string
		var sealed [][]byte
		for i := range count {
			newestFirst = append([]string{newEntry(t, fmt.Sprintf("k%d", i))}, newestFirst...)
			keyring := parse(t, newestFirst...)
			require.Equal(t, fmt.Sprintf("k%d", i), keyring.ActiveKeyID())
			sealed = append(sealed, keyring.Seal([]byte{byte(i)}, nil))
		}

		whole := parse(t, newestFirst...)
		for i, value := range sealed {
			opened, err := whole.Open(value, nil)
			require.NoError(t, err)
			require.Equal(t, []byte{byte(i)}, opened)
		}
	})
}

func TestRetiredKeyIsNamed(t *testing.T) {
	sealed := parse(t, newEntry(t, "old")).Seal([]byte("secret"), nil)

	_, err := parse(t, newEntry(t, "new")).Open(sealed, nil)

	var unknown *sealing.UnknownKeyError
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, "old", unknown.KeyID)
	require.ErrorContains(t, err, `"old"`)
}

func TestSameIDWithAnotherKeyIsTampered(t *testing.T) {
	sealed := parse(t, newEntry(t, "k1")).Seal([]byte("secret"), nil)
	_, err := parse(t, newEntry(t, "k1")).Open(sealed, nil)
	require.ErrorIs(t, err, sealing.ErrTampered)
}

func TestForeignValuesAreMalformed(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	for name, value := range map[string][]byte{
		"nothing":             nil,
		"plain text":          []byte("Jane Citizen"),
		"version only":        {1},
		"other version":       append([]byte{9}, keyring.Seal(nil, nil)[1:]...),
		"id longer than rest": {1, 200, 'a'},
		"no id":               {1, 0, 'a', 'b'},
		"unprintable id":      {1, 2, 0, 7, 'a', 'b'},
	} {
		_, err := keyring.Open(value, nil)
		require.ErrorIs(t, err, sealing.ErrMalformed, name)
	}
}

func TestOpenNeverPanics(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	rapid.Check(t, func(t *rapid.T) {
		_, err := keyring.Open(rapid.SliceOf(rapid.Byte()).Draw(t, "sealed"), nil)
		require.Error(t, err)
	})
}

func TestParseRefuses(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	short := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 16))
	for name, test := range map[string]struct{ text, want string }{
		"nothing":         {"", "empty"},
		"blanks":          {"  ", "empty"},
		"no id":           {secret, "entry 1: no colon"},
		"empty id":        {":" + secret, "entry 1: a key id must have"},
		"key for id":      {secret + ":k1", "entry 1: a key id must have"},
		"capital id":      {"K1:" + secret, "entry 1: a key id must have"},
		"short key":       {"k1:" + short, "the key has 16 bytes: want 32"},
		"not base64":      {"k1:***", "not standard base64"},
		"second is wrong": {"k1:" + secret + ",k2:", "entry 2: the key has 0 bytes"},
		"trailing comma":  {"k1:" + secret + ",", "entry 2: no colon"},
		"same id twice":   {"k1:" + secret + ",k1:" + secret, "entry 2: its id occurs in an earlier entry"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sealing.Parse(test.text)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), secret)
			require.NotContains(t, err.Error(), short)
		})
	}
}

func TestParseForgivesBlanksAroundEntries(t *testing.T) {
	old, active := newEntry(t, "old"), newEntry(t, "active")
	keyring := parse(t, " "+active+" ", "\n"+old)
	opened, err := keyring.Open(parse(t, old).Seal([]byte("secret"), nil), nil)
	require.NoError(t, err)
	require.Equal(t, "secret", string(opened))
}

func TestGenerateRefusesBadIDs(t *testing.T) {
	for _, id := range []string{"", "a:b", "a,b", "Capital", strings.Repeat("a", 33)} {
		_, err := sealing.Generate(id)
		require.ErrorContains(t, err, "a key id must have", "%q", id)
	}
}

func TestPrintedKeyringShowsNoKeys(t *testing.T) {
	keyring := parse(t, newEntry(t, "k1"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		require.Equal(t, "(keyring)", fmt.Sprintf(verb, keyring), verb)
	}
}
