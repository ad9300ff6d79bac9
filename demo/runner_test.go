package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// told tells a story in a shell of its own, and returns what it prints and its verdict.
func told(t *testing.T, story string, settings ...func(*teller)) (printed string, all verdict, err error) {
	t.Helper()
	directory := t.TempDir()
	path := filepath.Join(directory, "story.md")
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(story, "'''", "```")), 0o600))
	opened, err := startShell(directory, os.Environ())
	require.NoError(t, err)
	defer opened.kill()
	var out strings.Builder
	one := &teller{out: &page{out: &out}, shell: opened, known: variables{}, verdict: &all, timeout: 10 * time.Second}
	for _, set := range settings {
		set(one)
	}
	err = one.tell(t.Context(), path)
	return strings.ReplaceAll(out.String(), path, "story.md"), all, err
}

func TestAStoryIsPrintedAndProven(t *testing.T) {
	printed, all, err := told(t, `# Trees

There are **two**
trees in `+"`garden`"+`.

'''console
$ printf 'oak %s\nfig 4\nelm 5\n' 3; false
oak <height>
...
elm   5
[exit code 1]
$ cat <<END
> $height metres
> END
$height metres
'''

- a list

'''sh
exit 1   # not part of the story
'''
`)
	require.NoError(t, err)
	require.Equal(t, `

── 1  Trees ────────────────────────────────────────────────────────────────────────────────────────

There are two trees in garden.

$ printf 'oak %s\nfig 4\nelm 5\n' 3; false
  oak 3
  elm 5
  [exit code 1]
$ cat <<END
  $height metres
  END
  3 metres

– a list
`, printed)
	require.Equal(t, []chapter{{title: "Trees", expected: 4, met: 4, commands: 2}}, all.chapters)
	require.Empty(t, all.failures)
}

func TestALineThatDoesNotComeIsNamed(t *testing.T) {
	printed, all, err := told(t, `
'''console
$ printf 'oak\nelm\n'
oak
fig
$ echo goes on
goes on
'''
`)
	require.NoError(t, err)
	require.Contains(t, printed, "goes on")
	var out strings.Builder
	require.False(t, all.show(&page{out: &out}))
	require.Contains(t, out.String(), "story.md:3  printf 'oak\\nelm\\n'\n  expected: fig\n  printed:\n    oak\n    elm\n")
	require.Contains(t, out.String(), "1 of 3 expectations were not met.")
}

func TestAnExitCodeIsProven(t *testing.T) {
	for story, missing := range map[string]string{
		"$ echo oak; (exit 3)":                  "[exit code 0]",
		"$ echo oak; (exit 3)\noak":             "[exit code 0]",
		"$ echo oak; (exit 3)\n[exit code 2]":   "[exit code 2]",
		"$ echo oak\noak\n[exit code 2]":        "[exit code 2]",
		"$ no-such-program 2>/dev/null\n":       "[exit code 0]",
		"$ (exit 3)\n[exit code 3]\n$ (exit 1)": "[exit code 0]",
	} {
		_, all, err := told(t, "'''console\n"+story+"\n'''\n")
		require.NoError(t, err)
		require.Len(t, all.failures, 1, story)
		require.Equal(t, missing, all.failures[0].missing, story)
		require.Less(t, all.current().met, all.current().expected)
	}
}

func TestACommandThatHangsEndsTheStory(t *testing.T) {
	_, all, err := told(t, "'''console\n$ echo oak; sleep 60\noak\n'''\n", func(one *teller) { one.timeout = 100 * time.Millisecond })
	require.ErrorContains(t, err, "story.md:2: echo oak; sleep 60: it has not ended after 100ms")
	require.Len(t, all.failures, 1)
}

func TestABrokenCommandEndsTheStory(t *testing.T) {
	_, _, err := told(t, "'''console\n$ echo )\n'''\n")
	require.ErrorIs(t, err, errShellEnded)
}

func TestAProgramThatEndsInTheBackgroundEndsTheStory(t *testing.T) {
	_, _, err := told(t, "'''console\n$ (exit 7) &\n$ sleep 0.2\n$ true\n'''\n")
	require.ErrorContains(t, err, "a program in the background has ended: ")

	_, _, err = told(t, "'''console\n$ true &\n$ sleep 60 & sleeper=$!\n$ sleep 0.2\n$ kill -KILL $sleeper; wait $sleeper\n[exit code 137]\n$ true\n'''\n")
	require.NoError(t, err, "one that succeeds, or was waited for, does not")
}

func TestAWordThatIsNeededEndsTheStory(t *testing.T) {
	_, all, err := told(t, "'''console\n$ echo oak\nrun <run>\n$ echo $run\n'''\n")
	require.ErrorContains(t, err, "echo oak: what it should have printed is needed below")
	require.Equal(t, "run <run>", all.failures[0].missing)
}

func TestACommandIsRepeatedUntilItsLinesCome(t *testing.T) {
	const grows = "$ echo x >> trees; wc -l < trees\n3\n'''\n"
	printed, all, err := told(t, "'''console until 10s\n"+grows)
	require.NoError(t, err)
	require.Empty(t, all.failures)
	require.Equal(t, 1, strings.Count(printed, "$ echo"), "the command is shown once")

	_, all, err = told(t, "'''console until 1ms\n"+strings.ReplaceAll(grows, "\n3\n", "\n0\n"))
	require.NoError(t, err)
	require.Equal(t, "0", all.failures[0].missing)
}

func TestQuietCommandsAreShownOnRequest(t *testing.T) {
	const story = "'''console quiet\n$ echo oak; echo elm\noak\n...\n'''\n"
	printed, all, err := told(t, story)
	require.NoError(t, err)
	require.Empty(t, printed)
	require.Equal(t, 1, all.current().met)

	printed, _, err = told(t, story, func(one *teller) { one.verbose = true })
	require.NoError(t, err)
	require.Equal(t, "\n$ echo oak; echo elm\n  oak\n  elm\n", printed)
}

func TestOutputWithoutALineBreakIsReadAsItIs(t *testing.T) {
	_, all, err := told(t, "'''console\n$ printf oak\noak\n$ printf ''\n$ echo elm >&2; cat\nelm\n'''\n")
	require.NoError(t, err)
	require.Empty(t, all.failures)
}

func TestExpectedLines(t *testing.T) {
	for name, test := range map[string]struct {
		expected, printed, missing string
	}{
		"in order":                {"a\nb", "a\nb", ""},
		"another order":           {"a\nb", "b\na", "a"},
		"something before":        {"b", "a\nb", "b"},
		"something after":         {"a", "a\nb", endOfOutput},
		"something in between":    {"a\nc", "a\nb\nc", "c"},
		"gaps":                    {"...\nb\n...\nd\n...", "a\nb\nc\nd\ne", ""},
		"gaps without lines":      {"...\na\n...\nb\n...", "a\nb", ""},
		"a gap before the end":    {"a\n...\nd", "a\nd\nb\nc\nd", ""},
		"end not reached":         {"a\n...\nd", "a\nd\ne", endOfOutput},
		"a group that comes late": {"...\na\nb", "a\nc\na\nb", ""},
		"text in a line":          {"✓ Summary ... 3 new", "  ✓ Summary   2 classifications, 3 new", ""},
		"any text, or none":       {"✓ Summary ... 3 new ...", "✓ Summary 3 new", ""},
		"special characters":      {"a (b) [c] $1.00 *", "a (b) [c] $1.00 *", ""},
		"a known word":            {"$run", "r-1", ""},
		"another word":            {"$run", "r-2", "$run"},
		"a word in JSON":          {`...{"id":"<id>",...`, `[{"id":"x-1","name":"y"}]`, ""},
		"a word of two lines":     {"<id>\n$id", "x\nx", ""},
		"another on two lines":    {"<id>\n$id", "x\ny", "$id"},
		"empty lines":             {"a\nb", "\na\n\nb\n", ""},
	} {
		found := check(strings.Split(test.expected, "\n"), strings.Split(test.printed, "\n"), variables{"run": "r-1"})
		require.Equal(t, test.missing, found.missing, name)
	}
}

func TestStoriesThatCannotBeRead(t *testing.T) {
	for source, problem := range map[string]string{
		"```console\noak\n$ echo\n```":    `story.md:2: a console block begins with a command: "oak"`,
		"```console until\n$ echo\n```":   `not "until"`,
		"```console until x\n$ echo\n```": "how long a command is repeated",
		"```console loudly\n$ echo\n```":  `not "loudly"`,
	} {
		_, err := parseStory("story.md", []byte(source))
		require.ErrorContains(t, err, problem)
	}
}
