package cli

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// newTable prints to the program's output. Columns whose title begins with ">" are aligned to the right.
func (a *app) newTable(titles ...string) table.Writer {
	writer := table.NewWriter()
	writer.SetOutputMirror(a.out)
	style := table.StyleLight
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatUpper
	writer.SetStyle(style)
	header := make(table.Row, len(titles))
	var columns []table.ColumnConfig
	for i, title := range titles {
		name, right := strings.CutPrefix(title, ">")
		header[i] = name
		if right {
			columns = append(columns, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	writer.AppendHeader(header)
	writer.SetColumnConfigs(columns)
	writer.SuppressTrailingSpaces()
	return writer
}

// details prints names and values below each other; pairs without a value are left out.
func (a *app) details(pairs ...string) {
	width := 0
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			width = max(width, text.StringWidthWithoutEscSequences(pairs[i]))
		}
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			a.print("%s  %s", text.Pad(pairs[i], width, ' '), pairs[i+1])
		}
	}
}

// heading begins a part of a longer output.
func (a *app) heading(title string) { a.print("\n%s", strings.ToUpper(title)) }
