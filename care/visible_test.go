package care

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNothingThatIsShownActs(t *testing.T) {
	require.Equal(t, "Zoë O’Neill 李\n\t“x”", Visible("Zoë O’Neill 李\n\t“x”"), "letters of every script stay")
	require.Equal(t, `a\u0000\u0007\u000d\u007f\u009b\u202e\u2066\u2028`, Visible("a\x00\a\r\x7f\u009b\u202e\u2066\u2028"))
	require.Equal(t, "a b c", OneLine("a\nb\tc"))
	require.Equal(t, "\uFFFD[2J", Visible("\x9b[2J"), "a byte that is no letter could be a control character of the terminal")

	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		require.Equal(t, Visible(text), Visible(Visible(text)))
		encoded, err := json.Marshal(text)
		require.NoError(t, err)
		var same string
		require.NoError(t, json.Unmarshal([]byte(Visible(string(encoded))), &same))
		require.Equal(t, text, same, "within JSON the text stays the same")
	})
}
