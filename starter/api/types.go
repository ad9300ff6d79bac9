package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/api/views"
)

// Our views never hold a null list.
func init() { huma.DefaultArrayNullable = false }

// describeTypes says how our own types look in JSON.
func describeTypes(registry huma.Registry) {
	registry.RegisterTypeAlias(reflect.TypeFor[care.Date](), reflect.TypeFor[dateSchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[views.Money](), reflect.TypeFor[moneySchema]())
	registry.RegisterTypeAlias(reflect.TypeFor[views.Percentage](), reflect.TypeFor[percentageSchema]())
}

type dateSchema struct{}

// Schema implements huma.SchemaProvider.
func (dateSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date", Nullable: true, Description: "Null: none"}
}

type moneySchema struct{}

// Schema implements huma.SchemaProvider.
func (moneySchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^-?[0-9]+\.[0-9]{2}$`, Nullable: true, Examples: []any{"16757.56"},
		Description: "Australian dollars; null: not provided",
	}
}

type percentageSchema struct{}

// Schema implements huma.SchemaProvider.
func (percentageSchema) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^-?[0-9]+\.[0-9]{4}$`, Nullable: true, Examples: []any{"17.5000"},
		Description: "Per cent; null: not provided",
	}
}
