package world_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/simulator/scenarios"
	"github.com/caresync/caresync/simulator/world"
)

// Whatever happens to the world: ids stay unique, what was handed out stays as it was, budgets never come to owe a
// positive deduction, stamps grow, and a replay of the changes gives the same world.
func TestWhateverHappensTheWorldStaysSound(t *testing.T) {
	money, err := scenarios.FS.ReadFile("money.yaml")
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		var changes []world.Change
		options := world.Options{Seed: rapid.Uint64Range(1, 50).Draw(rt, "seed"), People: 3, Today: today, Scenarios: file(string(money))}
		again, err := world.New(options)
		require.NoError(rt, err)
		options.OnChange = func(change world.Change) error { changes = append(changes, change); return nil }
		w, err := world.New(options)
		require.NoError(rt, err)

		keys := make([]string, 0, len(w.Recipients()))
		for _, person := range w.Recipients() {
			keys = append(keys, person.Key)
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if rapid.IntRange(0, 4).Draw(rt, "advance") == 0 {
				to := w.Today().AddDays(rapid.IntRange(0, 100).Draw(rt, "days"))
				if err := w.Advance(to); err != nil {
					require.ErrorAs(rt, err, new(*world.SkippedMovesError))
				}
				require.Equal(rt, to, w.Today())
				continue
			}
			key := rapid.SampledFrom(keys).Draw(rt, "person")
			move := world.Move{Name: rapid.SampledFrom(world.MoveNames()).Draw(rt, "move"), Code: "ON_LEVEL_2"}
			before, _ := w.Find(key)
			lines, budgets := len(before.Classifications), len(before.Budgets)
			_, err := w.Move(key, move)
			after, _ := w.Find(key)
			if err != nil {
				require.Same(rt, before, after, "a move that was refused changes nothing")
			}
			require.Len(rt, before.Classifications, lines)
			require.Len(rt, before.Budgets, budgets)
		}

		ids := map[string]bool{}
		for _, person := range w.Recipients() {
			for i := range person.Budgets {
				budget := &person.Budgets[i]
				require.False(rt, ids[budget.ID])
				ids[budget.ID] = true
				require.False(rt, budget.WriteOff.IsPositive() || budget.RolloverDeduction.IsPositive())
				require.True(rt, budget.Total().Equal(budget.Total().Round(2)))
			}
		}
		for n, change := range changes {
			require.NoError(rt, again.Replay(change))
			require.True(rt, n == 0 || change.At.After(changes[n-1].At))
		}
		require.Equal(rt, w.Today(), again.Today())
		require.Equal(rt, w.Recipients(), again.Recipients())
	})
}
