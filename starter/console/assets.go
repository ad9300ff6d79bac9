package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/caresync/caresync/starter/console/ui"
)

const (
	assetsPath = "/assets/"

	styleFile  = "console.css"
	iconFile   = "icon.svg"
	htmxFile   = "htmx-2.0.11.min.js"
	eventsFile = "htmx-ext-sse-2.2.4.min.js"
	scriptFile = "console.js"
	// fontFile is Inter, as tools/font makes it.
	fontFile = "inter-4.1.woff2"
)

// Styles, scripts and the typeface; htmx and its extension are as the npm registry has them. Licences stand beside what others made.
//
//go:embed assets
var files embed.FS

// assets are served under an address that is made of their content, so that browsers may keep them for ever.
type assets map[string]asset

type asset struct {
	content []byte
	version string
	media   string
}

var assetMedia = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
	".woff2": "font/woff2",
}

func loadAssets() (assets, error) {
	entries, err := files.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("read the console's assets: %w", err)
	}
	loaded := make(assets, len(entries))
	for _, entry := range entries {
		content, err := files.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read the console's assets: %w", err)
		}
		loaded[entry.Name()] = newAsset(entry.Name(), content)
	}
	style := strings.Replace(string(loaded[styleFile].content), `"`+fontFile+`"`, `"`+loaded.address(fontFile)+`"`, 1)
	loaded[styleFile] = newAsset(styleFile, []byte(style))
	return loaded, nil
}

func newAsset(name string, content []byte) asset {
	hash := sha256.Sum256(content)
	return asset{content: content, version: hex.EncodeToString(hash[:6]), media: assetMedia[path.Ext(name)]}
}

func (a assets) address(name string) string { return assetsPath + a[name].version + "/" + name }

func (a assets) addresses() ui.Assets {
	return ui.Assets{
		Style: a.address(styleFile), Font: a.address(fontFile), Icon: a.address(iconFile), Htmx: a.address(htmxFile), Events: a.address(eventsFile), Script: a.address(scriptFile),
	}
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	found, known := a[r.PathValue("name")]
	if !known || found.version != r.PathValue("version") {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", found.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(found.content) // a client that has left no longer wants it
}
