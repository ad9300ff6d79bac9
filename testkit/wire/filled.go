package wire

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Filled returns a value of a type whose fields are all set, down to the deepest: texts to the field's name in JSON, numbers and times to
// something made from it, and one element in each list and map.
func Filled(of reflect.Type) reflect.Value { return FilledAs(of, nil) }

// FilledAs is Filled for a type that is copied field by field into another one, and then gives the same JSON. A field without a name in JSON
// counts as if its Go name were one, unless renamed has another.
func FilledAs(of reflect.Type, renamed map[string]string) reflect.Value {
	value := reflect.New(of).Elem()
	filler{renamed: renamed}.fill(value, "value")
	return value
}

// filler knows the structs that it is inside of: one that holds itself is filled once.
type filler struct {
	inside  []reflect.Type
	renamed map[string]string
}

var firstInstant = time.Date(2026, time.March, 14, 9, 26, 53, 0, time.UTC)

func (f filler) fill(value reflect.Value, name string) {
	switch {
	case value.Type() == reflect.TypeFor[time.Time]():
		value.Set(reflect.ValueOf(firstInstant.Add(time.Duration(number(name)) * time.Minute)))
	case value.Type() == reflect.TypeFor[json.RawMessage]():
		value.SetBytes(fmt.Appendf(nil, `{"%s":true}`, name))
	case isText(value) && fillFromText(value, name):
	default:
		f.fillKind(value, name)
	}
}

func (f filler) fillKind(value reflect.Value, name string) {
	switch value.Kind() {
	case reflect.Bool:
		value.SetBool(true)
	case reflect.String:
		value.SetString(name)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		value.SetInt(1 + number(name)%99)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		value.SetUint(uint64(1 + number(name)%99))
	case reflect.Float32, reflect.Float64:
		value.SetFloat(float64(number(name)) / 4)
	case reflect.Pointer:
		if !slices.Contains(f.inside, value.Type().Elem()) {
			value.Set(reflect.New(value.Type().Elem()))
			f.fill(value.Elem(), name)
		}
	case reflect.Slice:
		if !slices.Contains(f.inside, value.Type().Elem()) {
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
			f.fill(value.Index(0), name)
		}
	case reflect.Array:
		for i := range value.Len() {
			f.fill(value.Index(i), name)
		}
	case reflect.Map:
		f.fillMap(value, name)
	case reflect.Struct:
		f.fillStruct(value)
	case reflect.Interface:
		if value.NumMethod() == 0 {
			value.Set(reflect.ValueOf(name))
		}
	default:
		panic(fmt.Sprintf("%s has no JSON", value.Type()))
	}
}

func (f filler) fillMap(value reflect.Value, name string) {
	key, element := reflect.New(value.Type().Key()).Elem(), reflect.New(value.Type().Elem()).Elem()
	f.fill(key, name)
	f.fill(element, name)
	value.Set(reflect.MakeMap(value.Type()))
	value.SetMapIndex(key, element)
}

func (f filler) fillStruct(value reflect.Value) {
	f.inside = append(slices.Clip(f.inside), value.Type())
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if field.Tag.Get("json") == "-" || !field.IsExported() && !(field.Anonymous && field.Type.Kind() == reflect.Struct) {
			continue
		}
		f.fill(value.Field(i), f.nameOf(field))
	}
}

func (f filler) nameOf(field reflect.StructField) string {
	if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
		return name
	}
	name := snakeCase(field.Name)
	return cmp.Or(f.renamed[name], name)
}

// snakeCase writes a Go name as our JSON does: CareRecipientID as care_recipient_id.
func snakeCase(name string) string {
	var text strings.Builder
	letters := []rune(name)
	for i, letter := range letters {
		begins := i > 0 && unicode.IsUpper(letter) &&
			(unicode.IsLower(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1]))
		if begins {
			text.WriteByte('_')
		}
		text.WriteRune(unicode.ToLower(letter))
	}
	return text.String()
}

// isText reports whether a type decides itself how it is read.
func isText(value reflect.Value) bool {
	if !value.CanAddr() || !value.Addr().CanInterface() {
		return false
	}
	switch value.Addr().Interface().(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

// fillFromText tries what a type that reads itself may be: a date, an amount, an instant, or any text.
func fillFromText(value reflect.Value, name string) bool {
	number := number(name)
	for _, text := range []string{
		firstInstant.AddDate(0, 0, int(number)).Format(time.DateOnly), fmt.Sprintf("%d.%02d", number, number%100),
		firstInstant.Add(time.Duration(number) * time.Minute).Format(time.RFC3339), name,
	} {
		if json.Unmarshal(fmt.Appendf(nil, "%q", text), value.Addr().Interface()) == nil && !value.IsZero() {
			return true
		}
		value.SetZero()
	}
	return false
}

// number is made from a name, from 1 to 999.
func number(name string) int64 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	return int64(1 + hash.Sum32()%999)
}
