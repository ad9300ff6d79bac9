//go:build screenshots

package console_test

import (
	"bytes"
	"cmp"
	"context"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/simulator/faults"
	"github.com/caresync/caresync/simulator/world"
)

// scene is a page worth a picture, what is done on it first, and how it is looked at.
type scene struct {
	name, path string
	first      func(*tab)
	looks      []look
}

// look is a window. Without a height the picture is of the whole page, with one of what the window shows.
type look struct {
	name          string
	width, height int64
	dark          bool
}

var (
	wide        = look{name: "wide", width: 1280}
	wideDark    = look{name: "wide-dark", width: 1280, dark: true}
	narrow      = look{name: "narrow", width: 390}
	narrowDark  = look{name: "narrow-dark", width: 390, dark: true}
	window      = look{name: "wide", width: 1280, height: 900}
	phone       = look{name: "narrow", width: 390, height: 844}
	phoneDark   = look{name: "narrow-dark", width: 390, height: 844, dark: true}
	tallWindow  = look{name: "wide", width: 1280, height: 1480}
	tallDark    = look{name: "wide-dark", width: 1280, height: 1480, dark: true}
	usualWindow = int64(900)
)

// TestScreenshots makes the pictures of the main pages in docs/screenshots again: `make screenshots`.
func TestScreenshots(t *testing.T) {
	s := newSite(t)
	directory := filepath.Join("..", "..", "docs", "screenshots")
	require.NoError(t, os.RemoveAll(directory))
	require.NoError(t, os.MkdirAll(directory, 0o755))
	scenes := s.scenes(t)
	tab := s.newTab(t, s.Request(t, "several-open").OrganisationID)
	for _, scene := range scenes {
		tab.size(1280, usualWindow)
		tab.open(scene.path)
		if scene.first != nil {
			scene.first(tab)
		}
		for _, look := range scene.looks {
			tab.dark(look.dark)
			tab.size(look.width, cmp.Or(look.height, usualWindow))
			file := filepath.Join(directory, scene.name+"-"+look.name+".png")
			require.NoError(t, os.WriteFile(file, tab.look(look), 0o644))
		}
		tab.dark(false)
	}
}

// look is a picture as small as it can be without looking different.
func (w *tab) look(look look) []byte {
	w.t.Helper()
	if look.height == 0 {
		return smaller(w.t, w.picture())
	}
	picture, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	require.NoError(w.t, err)
	return smaller(w.t, picture)
}

// smaller gives a picture a palette of up to 256 colours: the pages have few, and shades of them around letters.
func smaller(t *testing.T, file []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(file))
	require.NoError(t, err)
	bounds := full.Bounds()
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			count[at(x, y)]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, one := range frequent {
		if len(palette) < 256 && !slices.ContainsFunc(palette, func(chosen color.Color) bool { return alike(one, chosen.(color.RGBA)) }) {
			palette = append(palette, one)
		}
	}
	nearest := make(map[color.RGBA]uint8, len(count))
	for one := range count {
		nearest[one] = uint8(palette.Index(one))
	}
	small := image.NewPaletted(image.Rect(0, 0, bounds.Dx(), bounds.Dy()), palette)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			small.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	var encoded bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	require.NoError(t, encoder.Encode(&encoded, small))
	return encoded.Bytes()
}

// alike are colours that no one tells apart in a letter's edge.
func alike(a, b color.RGBA) bool {
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) < 10 }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}

// scenes sync people as someone would, and answer with what there is to see.
func (s *site) scenes(t *testing.T) []scene {
	t.Helper()
	synced := func(key string) {
		request := s.Request(t, key)
		request.RequestedBy = "console: Robin Ellery"
		s.temporal.Sync(t, request)
	}
	for _, key := range []string{"several-open", "consent-refused", "identity-mismatch", "usage-by-others", "all-ended", "reversal", "retro-dated"} {
		synced(key)
	}
	s.move(t, "reversal", world.Move{Name: world.Claim})
	synced("reversal")
	changed := newestRun(t, s, "reversal").ID

	person := func(key string) string { return "/people/" + string(s.Request(t, key).PersonID) }
	return []scene{
		{"connections", "/settings/connections", nil, []look{wide, narrowDark}},
		{"bulk", "/bulks/new", func(w *tab) { w.press("Start the bulk run"); w.sees("Completed with failures") }, []look{wide, narrow}},
		{"running", person("re-opened"), func(w *tab) { s.slowly(t); w.sync(s, "re-opened"); w.sees("open budget") }, []look{wideDark, narrow}},
		{"people", "/people", nil, []look{window, phone}},
		{"confirmation", person("several-open"), func(w *tab) { w.press("Synchronise Budget Information") }, []look{window, phoneDark}},
		{"person", person("several-open"), nil, []look{wide}},
		{"plan", person("several-open") + "/plan", nil, []look{tallWindow, tallDark, narrow}},
		{"budget", person("several-open") + "/plan/budgets/" + string(s.ongoing(t, "several-open").ID), nil, []look{wide, narrowDark}},
		{"run", "/runs/" + string(changed), nil, []look{wide}},
		{"refused", person("consent-refused"), nil, []look{wide}},
		{"mismatch", person("identity-mismatch"), nil, []look{wide}},
		{"preview", s.participantPath(t, "changed-manager"), func(w *tab) { s.Faults.Clear(); w.press("+ NDIS PACE"); w.sees("Plan information") }, []look{window, phoneDark}},
		{"contract", s.participantPath(t, "changed-manager"), func(w *tab) { w.created(s, "changed-manager") }, []look{tallWindow, narrowDark}},
	}
}

// slowly keeps a sync from ending, so that there is something to see.
func (s *site) slowly(t *testing.T) {
	t.Helper()
	require.NoError(t, s.Faults.Add(faults.Fault{Kind: faults.Hang, Operation: "budget-details", Delay: 10 * time.Minute}))
	t.Cleanup(s.Faults.Clear)
}

func (s *site) move(t *testing.T, key string, move world.Move) {
	t.Helper()
	_, err := s.World.World.Move(key, move)
	require.NoError(t, err)
}

// picture is a screenshot of the whole page as PNG.
func (w *tab) picture() []byte {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(w.t, err)
	return picture
}
