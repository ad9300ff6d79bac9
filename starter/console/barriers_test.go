package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
)

// WCAG 2.2 AA: axe-core finds nothing on any page, light and dark, wide and narrow.
func TestPagesHaveNoBarriers(t *testing.T) {
	s := newSite(t)
	for _, key := range []string{"several-open", "consent-refused", "identity-mismatch", "usage-by-others", "retro-dated", "no-classification"} {
		s.temporal.Sync(t, s.Request(t, key))
	}
	person := func(key string) string { return "/people/" + string(s.Request(t, key).PersonID) }
	budget := s.ongoing(t, "usage-by-others")
	var line string
	for _, usage := range budget.Usage {
		if usage.InvoiceLineID != nil {
			line = "/invoice-lines/" + string(*usage.InvoiceLineID)
		}
	}
	require.NotEmpty(t, line)
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 5 * time.Minute}))
	running := s.temporal.Start(t, s.Request(t, "re-opened"))
	t.Cleanup(s.Faults.Clear)

	w := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	for _, path := range []string{
		"/people", "/people?search=nobody-is-called-so", person("several-open"), person("several-open") + "/sync", person("consent-refused"),
		person("identity-mismatch"), person("several-open") + "/plan", person("retro-dated") + "/plan", person("consent-refused") + "/plan",
		person("no-classification") + "/plan?on=2020-01-01", person("usage-by-others") + "/plan/budgets/" + string(budget.ID), line,
		"/runs", "/runs?outcome=cancelled", "/runs/" + string(newestRun(t, s, "several-open").ID), "/runs/" + running.GetRunID(),
		"/runs/" + running.GetRunID() + "/cancel", "/nothing",
	} {
		w.open(path)
		require.Equal(t, path == "/nothing", strings.Contains(w.text(), "Error 404"), "%s is the page that is meant", path)
		w.requireNoBarriers(path)
	}
	w.open(person("several-open"))
	w.press("Synchronise Budget Information")
	w.requireNoBarriers("the confirmation")
	w.open("/people")
	w.press("Sign out")
	w.sees("API token")
	w.requireNoBarriers("/sign-in")
	w.do(sendKeys("#token", "cs_nobody"))
	w.press("Sign in")
	w.sees("You are not signed in")
	w.eventually("the focus on the field with the problem", `document.activeElement.id === "token"`)
	w.requireNoBarriers("a token that was refused")
}

func (w *tab) requireNoBarriers(page string) {
	w.t.Helper()
	for _, width := range []int64{1280, 390} {
		w.size(width, 900)
		found := w.barriers(everyRule)
		require.Empty(w.t, found.Violations, "%s, %d wide", page, width)
		require.Greater(w.t, found.Passes, 10, "axe looked at %s", page)
		w.dark(true)
		found = w.barriers(contrast)
		require.Empty(w.t, found.Violations, "%s, dark, %d wide", page, width)
		require.Positive(w.t, found.Passes, "axe looked at %s", page)
		w.dark(false)
		w.requireRoom(page, width)
	}
	w.size(640, 450) // as a window 1280 wide is at a zoom of 200 %
	w.requireRoom(page, 640)
	require.Empty(w.t, value[[]string](w, runTogether), "%s: a space is missing", page)
	w.key("Tab") // from here on the focus is the keyboard's
	require.Empty(w.t, value[[]string](w, unseenFocus), "%s: no one sees where the focus is", page)
}

// requireRoom: in the console's own typeface, which looks the same on every machine, nothing is wider than its place.
func (w *tab) requireRoom(page string, width int64) {
	w.t.Helper()
	require.True(w.t, value[bool](w, ownTypeface), "%s is shown in the console's typeface", page)
	require.LessOrEqual(w.t, value[int](w, `document.documentElement.scrollWidth`), int(width), "%s is wider than the window", page)
	require.Empty(w.t, value[[]string](w, cutOff), "%s, %d wide: text is cut off", page, width)
}

// ownTypeface reports whether the console's typeface was loaded, from the console, and is what texts ask for first.
const ownTypeface = `document.fonts.ready.then(() => [...document.fonts].some((face) => face.family === "Inter" && face.status === "loaded")
	&& /^"?Inter"?,/.test(getComputedStyle(document.body).fontFamily))`

// withoutGlyph are the characters of a text that the typeface lacks: they take their width from whichever typeface stands in.
const withoutGlyph = `(async (text) => {
	await document.fonts.load("32px Inter", text);
	const pen = document.createElement("canvas").getContext("2d");
	const width = (sign, standIn) => { pen.font = "32px Inter, " + standIn; return pen.measureText(sign).width; };
	return [...text].filter((sign) => width(sign, "monospace") !== width(sign, "serif"));
})`

// Names of Australians, and the signs of pages, are all in the typeface; amounts stand in columns.
func TestTheTypefaceHasEveryLetter(t *testing.T) {
	q := newQuiet(t, "")
	w := (&site{World: q.World, url: q.url}).newTab(t, q.Request(t, "several-open").OrganisationID)
	require.True(t, value[bool](w, ownTypeface))
	for _, text := range []string{
		"Māui Tūhoe Ngāti Ēōī", "Nguyễn Thị Hằng Đỗ Phượng Ưu Ơ ợ ỵ", "Zoë O’Brien-Łukasz Škoda Øster Åse Þór ßæœ İpek Ğ Çelik", "Ñandú Güell Žižek Őry Ğ",
		"“…” ‘’ – — · • ← → ↑ ↓ − × ≈ ≤ ≥ ✓ € $ % ½",
	} {
		require.Empty(t, value[[]string](w, withoutGlyph+`(`+quoted(text)+`)`), text)
	}
	require.True(t, value[bool](w, `(() => {
		const line = document.createElement("p");
		line.className = "money";
		document.querySelector("main").append(line);
		const width = (text) => { const part = document.createElement("span"); part.textContent = text; line.replaceChildren(part); return part.getBoundingClientRect().width; };
		return width("1111.11") === width("0888.98");
	})()`), "figures are of one width")
}

// cutOff are texts that are wider than the box that hides what is outside it. Tables can be scrolled, and are better if no one has to.
const cutOff = `[...document.querySelectorAll("main *, header *, footer *")]
	.filter((one) => one.checkVisibility() && !one.closest(".sr-only") && one.scrollWidth > one.clientWidth + 1)
	.filter((one) => ["hidden", "clip"].includes(getComputedStyle(one).overflowX) && one.tagName !== "svg" || one.matches(".table"))
	.map((one) => one.outerHTML.chunk(0, 200))`

// runTogether are dates and amounts without a space before them, as between a word and a template's expression.
const runTogether = `document.body.innerText.match(/\S*[a-z:;,.](?:\d{2} [A-Z][a-z]{2} \d{4}|[−-]?\$\d)/g) ?? []`

// unseenFocus are links, buttons and fields that look the same with the focus and without.
const unseenFocus = `[...document.querySelectorAll('a[href], button, input:not([type="hidden"]), select, textarea, summary, [tabindex="0"]')]
	.filter((one) => one.checkVisibility())
	.filter((one) => {
		one.focus();
		const style = getComputedStyle(one);
		return document.activeElement === one && (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2);
	})
	.map((one) => one.outerHTML.chunk(0, 200))`
