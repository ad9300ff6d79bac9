package db_test

import (
	"reflect"
	"testing"

	"github.com/caresync/caresync/db"
	"github.com/caresync/caresync/testkit/wire"
	"github.com/caresync/caresync/upstream/proda"
)

// What is sealed in a column outlives the program that sealed it. Columns of jsonb hold types of care, whose shapes are held there.
func TestSealedValuesKeepTheirShape(t *testing.T) {
	golden := wire.Open(t, "stored")
	golden.WrittenAndRead("pace_preview.sealed", reflect.TypeFor[db.PreviewContents]())
	golden.WrittenAndRead("upstream_token.token_sealed", reflect.TypeFor[proda.Token]())
}
