package words_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/words"
)

// R38: each trouble of our own database has words of its own, and says what to do.
func TestEveryTroubleOfTheDatabaseHasItsOwnWords(t *testing.T) {
	said := map[string]bool{}
	for _, trouble := range care.DatabaseTroubles {
		happened := words.DatabaseTrouble(trouble)
		require.NotEmpty(t, happened, trouble)
		require.False(t, said[happened], happened)
		require.NotEmpty(t, words.DatabaseAdvice(trouble), trouble)
		said[happened] = true
	}
}
