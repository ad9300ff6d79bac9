package api

import "github.com/danielgtaylor/huma/v2"

// keepToTheStandard takes out of the document what huma keeps beside a pattern for its own messages, which are made by then: OpenAPI has no
// such keyword.
func keepToTheStandard(document *huma.OpenAPI) {
	for _, schema := range document.Components.Schemas.Map() {
		withoutPatternDescription(schema)
	}
	for _, path := range document.Paths {
		for _, operation := range []*huma.Operation{path.Get, path.Put, path.Post, path.Patch, path.Delete} {
			if operation == nil {
				continue
			}
			for _, parameter := range operation.Parameters {
				withoutPatternDescription(parameter.Schema)
			}
		}
	}
}

func withoutPatternDescription(schema *huma.Schema) {
	if schema == nil {
		return
	}
	schema.PatternDescription = ""
	withoutPatternDescription(schema.Items)
	for _, property := range schema.Properties {
		withoutPatternDescription(property)
	}
}
