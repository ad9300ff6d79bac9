package console_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/db/read"
)

// axe finds barriers (https://github.com/dequelabs/axe-core); it is loaded into pages by tests only.
//
//go:embed testdata/axe-core-4.14.1.min.js
var axe string

// chromium starts one browser for all tests of the package; TestMain ends it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.WSURLReadTimeout(patience),
		chromedp.Env("LANGUAGE=en_GB", "LC_ALL=en_GB.UTF-8"), chromedp.Flag("lang", "en-GB"), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true),
		// Going back loads the page again, so that there is a load to wait for.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,BackForwardCache"))
	if path := os.Getenv("CHROMIUM"); path != "" {
		options = append(options, chromedp.ExecPath(path))
	}
	allocated, end := chromedp.NewExecAllocator(context.Background(), options...)
	endChromium = end
	browser, _ := chromedp.NewContext(allocated)
	return browser, chromedp.Do(browser)
})

var endChromium = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	endChromium()
	os.Exit(code)
}

// tab is a window of its own, with cookies of its own.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string
	// clicks are those that were made so far.
	clicks int
}

// newTab opens a window and signs in to an organisation. -short leaves out what needs one.
func (s *site) newTab(t *testing.T, organisation care.ID) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser")
	}
	browser, err := chromium()
	require.NoError(t, err, "Chromium could not be started. Run `make chromium` for what to install, or name a Chromium or Chrome in CHROMIUM")
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	require.NoError(t, chromedp.Do(ctx)) // the window lives as long as the context of its first action
	w := &tab{t: t, ctx: ctx, url: s.url}
	w.size(1280, 900)
	w.do(chromedp.Navigate(link(t, s.Store, s.url, organisation)))
	w.press("Sign in")
	w.sees("People")
	return w
}

func (w *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	require.NoError(w.t, chromedp.Do(ctx, steps...))
}

// size is that of the window; the page's content may be longer.
func (w *tab) size(width, height int64) {
	w.t.Helper()
	w.do(chromedp.EmulateViewport(width, height))
}

// dark lets the browser ask for dark pages, or for light ones.
func (w *tab) dark(dark bool) {
	w.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	w.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
}

// scripts lets pages run scripts, or not.
func (w *tab) scripts(run bool) {
	w.t.Helper()
	w.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
		return err
	}))
}

func (w *tab) open(path string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.url + path))
}

// press clicks the link or button with these words, which someone can see.
func (w *tab) press(words string) {
	w.t.Helper()
	w.click("a button or link "+words, `[...document.querySelectorAll("a, button, summary")]
		.findLast((one) => one.textContent.trim().replace(/\s+/g, " ").replace(" ,", ",") === `+quoted(words)+` && one.checkVisibility())`)
}

// pick clicks a box or a radio button that someone can see.
func (w *tab) pick(selector string) {
	w.t.Helper()
	w.click(selector, `[...document.querySelectorAll(`+quoted(selector)+`)].find((one) => one.checkVisibility())`)
}

// click clicks an element once the page has been loaded, and waits until the click has arrived: if it leads to another page, until that
// has been loaded. It is made once: a page that is being left may not answer and is asked again, so the browser answers before it clicks,
// and notes the click where the next page finds it.
func (w *tab) click(what, element string) {
	w.t.Helper()
	w.clicks++
	w.eventually(what, fmt.Sprintf(`((click) => {
		if (document.readyState !== "complete") return false;
		if (window.leftBy === click || sessionStorage.getItem("click") === click) return true;
		const find = () => %s;
		if (!find()) return false;
		window.leftBy = click;
		setTimeout(() => {
			const found = find(); // news may have replaced the element meanwhile
			sessionStorage.setItem("click", click);
			let leaves = false;
			const handle = (event) => {
				const link = event.type === "click" && event.target.closest("a[href]:not([target], [download])");
				const form = event.type === "submit" && event.target;
				const elsewhere = link && (!link.hash || link.href.split("#")[0] !== location.href.split("#")[0]);
				const sent = form && (event.submitter?.getAttribute("formmethod") ?? form.method) !== "dialog";
				leaves ||= Boolean(elsewhere || sent) && !event.defaultPrevented;
			};
			addEventListener("click", handle);
			addEventListener("submit", handle);
			found.scrollIntoView({block: "center"});
			found.click();
			removeEventListener("click", handle);
			removeEventListener("submit", handle);
			if (!leaves) window.leftBy = "";
		});
		return true;
	})("%d")`, element, w.clicks))
	w.eventually("what follows "+what, fmt.Sprintf(`document.readyState === "complete" && window.leftBy !== "%d"`, w.clicks))
}

// sees waits until the page shows some words.
func (w *tab) sees(words string) {
	w.t.Helper()
	w.eventually(words, `document.body !== null && document.body.innerText.includes(`+quoted(words)+`)`)
}

// eventually waits until an expression is true in the page. A page that is being left answers nothing, and is asked again.
func (w *tab) eventually(what, expression string) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		holds, err := ask[bool](w, expression)
		return err == nil && holds
	}, patience, 50*time.Millisecond, "the page does not show %s. It shows:\n%s", what, lazily(w.text))
}

// lazily is worked out when a failure is printed.
type lazily func() string

func (l lazily) String() string { return l() }

// text is what someone reads on the page.
func (w *tab) text() string {
	text, err := ask[string](w, `location.href + "\n" + document.body.innerText`)
	if err != nil {
		return err.Error()
	}
	return text
}

// value evaluates an expression in the page.
func value[T any](w *tab, expression string) T {
	w.t.Helper()
	result, err := ask[T](w, expression)
	require.NoError(w.t, err)
	return result
}

// ask evaluates an expression, which a page that is being left may not answer.
func ask[T any](w *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func quoted(text string) string {
	encoded, _ := json.Marshal(text) // a string can always be encoded
	return string(encoded)
}

// violation is something that axe found.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// axeResult is what axe found, and how many rules a page keeps.
type axeResult struct {
	Violations []violation
	Passes     int
}

// What axe looks for: WCAG 2.2 AA and good practice, or what depends on colours alone.
const (
	everyRule = `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`
	contrast  = `["color-contrast"]`
)

// barriers are what axe finds on the page by some of its rules.
func (w *tab) barriers(rules string) axeResult {
	w.t.Helper()
	if !value[bool](w, `"axe" in window`) {
		w.do(chromedp.Evaluate[chromedp.Void](axe + ";undefined"))
	}
	return value[axeResult](w, `axe.run(document, {runOnly: `+rules+`, resultTypes: ["violations"]})
		.then((result) => ({Violations: result.violations.map((one) => ({ID: one.id, Impact: one.impact, Help: one.help,
			Nodes: one.nodes.map((node) => ({HTML: node.html, FailureSummary: node.failureSummary}))})), Passes: result.passes.length}))`)
}

func (v violation) String() string {
	var text strings.Builder
	text.WriteString(v.Impact + ": " + v.ID + ": " + v.Help)
	for _, node := range v.Nodes {
		text.WriteString("\n  " + node.HTML + "\n    " + node.FailureSummary)
	}
	return text.String()
}

// sendKeys types into a field.
func sendKeys(selector, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(selector, text)
}

// key presses a key.
func (w *tab) key(name string) {
	w.t.Helper()
	if named, known := namedKeys[name]; known {
		name = named
	}
	w.do(chromedp.KeyEvent(name))
}

var namedKeys = map[string]string{"Tab": kb.Tab, "Escape": kb.Escape, "Enter": kb.Enter}

// tabTo presses the tabulator until the focus is on something with these words.
func (w *tab) tabTo(words string) {
	w.t.Helper()
	for range 60 {
		w.key("Tab")
		if value[string](w, `document.activeElement.textContent.trim()`) == words {
			return
		}
	}
	require.Fail(w.t, "the keyboard does not reach "+words, w.text())
}

// budgets are those of someone's plan.
func (s *site) budgets(t *testing.T, key string) []read.Budget {
	t.Helper()
	request := s.Request(t, key)
	plan, err := read.From(s.Store).Plan(t.Context(), organisation(t, s.Store, request.OrganisationID), request.PersonID, s.Now())
	require.NoError(t, err)
	require.NotEmpty(t, plan.Budgets)
	return plan.Budgets
}

// ongoing is someone's newest budget for ongoing services. Budgets of other types may begin with it.
func (s *site) ongoing(t *testing.T, key string) read.Budget {
	t.Helper()
	budgets := s.budgets(t, key)
	at := slices.IndexFunc(budgets, func(budget read.Budget) bool { return budget.TypeCode == "ON" })
	require.GreaterOrEqual(t, at, 0)
	return budgets[at]
}

// A form is not sent twice by a double click; whoever has stopped it with Esc can send it again.
func TestAFormThatWasStoppedCanBeSentAgain(t *testing.T) {
	q := newQuiet(t, "")
	s := &site{World: q.World, url: q.url}
	w := s.newTab(t, q.Request(t, "several-open").OrganisationID)
	value[bool](w, `(() => {
		const form = document.createElement("form");
		form.method = "post";
		window.sent = 0;
		window.addEventListener("submit", (event) => { if (!event.defaultPrevented) window.sent++; event.preventDefault(); });
		document.body.append(form);
		window.stopped = form;
		return true;
	})()`)
	require.Equal(t, 1, value[int](w, `(() => { window.stopped.requestSubmit(); window.stopped.requestSubmit(); return window.sent; })()`))
	w.eventually("the form sent again", `(() => { window.stopped.requestSubmit(); return window.sent > 1; })()`) // what is not sent does nothing
}
