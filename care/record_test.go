package care

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// compared is a kind of record together with its table.
type compared struct {
	table string
	// record is a pointer to a record whose fields are all set.
	record any
	// key holds what Compare looks at: identity and values.
	key    func(record any) string
	values func(record any) []Value
}

func comparedBy[T any, P record[T]](table string, full T) compared {
	return compared{
		table: table, record: &full,
		key:    func(r any) string { p := P(r.(*T)); return p.identity() + "\x01" + valuesKey(p.values()) },
		values: func(r any) []Value { return P(r.(*T)).values() },
	}
}

var (
	someDate   = NewDate(2026, time.April, 1)
	someAmount = decimal.NewNullDecimal(decimal.RequireFromString("12.34"))
)

func comparedRecords() []compared {
	return []compared{
		comparedBy("classification", Classification{Code: "c", Name: "n", FundingSource: "f", StartDate: someDate, EndDate: someDate}),
		comparedBy("approved_service", ApprovedService{GroupCode: "g", TypeCode: "t", ServiceCode: "s", Name: "n", StartDate: someDate, EndDate: someDate}),
		comparedBy("supplement", Supplement{Code: "c", Name: "n", StartDate: someDate, EndDate: someDate}),
		comparedBy("budget", Budget{
			UpstreamBudgetID: "u", ServiceProviderID: "p", TypeCode: "t", TypeName: "n", EntryDate: someDate, StartDate: someDate, EndDate: someDate,
			Status: "s", Total: someAmount, Used: someAmount, WriteOff: someAmount, Rollover: someAmount, Available: someAmount,
		}),
		comparedBy("entitlement", Entitlement{BudgetID: "b", Code: "c", Amount: someAmount}),
		comparedBy("usage_line", UsageLine{
			BudgetID: "b", UpstreamInvoiceID: "u", UpstreamItemID: "i", ExternalReferenceID: "e", ServiceProviderID: "p", ServiceCode: "s", DeliveryDate: someDate, Amount: someAmount,
		}),
		{
			table: "contribution", record: &Contribution{Category: "c", Percentage: someAmount, StartDate: someDate, EndDate: someDate, Status: "s"},
			key: func(r any) string { return r.(*Contribution).key() },
		},
	}
}

// reportedFields are the names in JSON of what the government reports of a record, with their values.
func reportedFields(record any) map[string]reflect.Value {
	fields := make(map[string]reflect.Value)
	value := reflect.ValueOf(record).Elem()
	for i := range value.NumField() {
		if field := value.Type().Field(i); !field.Anonymous && field.IsExported() && field.Name != "InvoiceLineID" {
			fields[field.Tag.Get("json")] = value.Field(i)
		}
	}
	return fields
}

// others are values that differ from those of comparedRecords.
var others = map[reflect.Type][]any{
	reflect.TypeFor[string]():              {"", "other"},
	reflect.TypeFor[ID]():                  {ID(""), ID("other")},
	reflect.TypeFor[Date]():                {Date{}, someDate.AddDays(1)},
	reflect.TypeFor[decimal.NullDecimal](): {decimal.NullDecimal{}, decimal.NewNullDecimal(decimal.Zero), decimal.NewNullDecimal(decimal.RequireFromString("12.35"))},
}

func TestNoReportedFieldIsForgottenInComparing(t *testing.T) {
	for _, one := range comparedRecords() {
		for name, field := range reportedFields(one.record) {
			before, full := one.key(one.record), reflect.ValueOf(field.Interface())
			require.NotEmpty(t, others[field.Type()], "no other values of a %s are known", field.Type())
			for _, other := range others[field.Type()] {
				field.Set(reflect.ValueOf(other))
				require.NotEqual(t, before, one.key(one.record), "%s.%s = %v goes unnoticed", one.table, name, other)
			}
			field.Set(full)
			require.Equal(t, before, one.key(one.record))
		}
	}
}

func TestChangesNameColumns(t *testing.T) {
	for _, one := range comparedRecords() {
		if one.values == nil {
			continue
		}
		fields := reportedFields(one.record)
		for _, value := range one.values(one.record) {
			require.Contains(t, fields, value.Field, "%s: a change would name a field that does not exist", one.table)
		}
	}
}

// columnsOf reads the columns of a table from the migrations.
func columnsOf(t *testing.T, table string) []string {
	t.Helper()
	files, err := filepath.Glob("../db/migrations/*.sql")
	require.NoError(t, err)
	for _, file := range files {
		migration, err := os.ReadFile(file)
		require.NoError(t, err)
		_, after, found := strings.Cut(string(migration), "CREATE TABLE "+table+" (\n")
		if !found {
			continue
		}
		definition, _, _ := strings.Cut(after, "\n);")
		var columns []string
		for _, match := range regexp.MustCompile(`(?m)^    ([a-z_]+) +[a-z]`).FindAllStringSubmatch(definition, -1) {
			columns = append(columns, match[1])
		}
		return columns
	}
	require.Fail(t, "no such table", table)
	return nil
}

// jsonNames are the names in JSON of all fields, those of embedded structs among them.
func jsonNames(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		field := of.Field(i)
		if field.Anonymous {
			names = append(names, jsonNames(field.Type)...)
			continue
		}
		if !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func TestJSONNamesAreColumns(t *testing.T) { // PostgreSQL takes and gives records as JSON by the columns' names
	types := map[string]reflect.Type{
		"support_plan": reflect.TypeFor[Plan](), "person": reflect.TypeFor[Person](), "connection": reflect.TypeFor[Connection](),
	}
	for _, one := range comparedRecords() {
		types[one.table] = reflect.TypeOf(one.record).Elem()
	}
	for table, of := range types {
		columns := columnsOf(t, table)
		for _, name := range jsonNames(of) {
			require.Contains(t, columns, name, "%s", of)
		}
	}
	require.Subset(t, columnsOf(t, "budget"), jsonNames(reflect.TypeFor[BudgetUsageAmount]()))
}

func TestWhatTheGovernmentReportsHasAColumnAndAField(t *testing.T) {
	ourOwn := []string{"id", "organisation_id", "plan_id", "ordinal", "removed_at", "removed", "position", "usage_amount"}
	for _, one := range comparedRecords() {
		fields := jsonNames(reflect.TypeOf(one.record).Elem())
		for _, column := range columnsOf(t, one.table) {
			require.True(t, slices.Contains(ourOwn, column) || slices.Contains(fields, column), "%s.%s is never filled", one.table, column)
		}
	}
}

func TestARecordComesBackFromTheDatabaseAsItWas(t *testing.T) {
	for _, one := range comparedRecords() {
		encoded, err := json.Marshal(one.record)
		require.NoError(t, err)
		back := reflect.New(reflect.TypeOf(one.record).Elem()).Interface()
		require.NoError(t, json.Unmarshal(encoded, back))
		require.Equal(t, one.key(one.record), one.key(back), one.table)
	}
}

func TestARowOfPostgreSQLIsARecord(t *testing.T) {
	var budget Budget
	require.NoError(t, json.Unmarshal([]byte(`{"id":"0197a001-0000-7000-8000-000000000001","organisation_id":"0197a001-0000-7000-8000-000000000002",
		"upstream_budget_id":"254415056224","service_provider_id":"4000012345","type_code":"ON","type_name":"","entry_date":null,
		"start_date":"2026-04-01","end_date":null,"status":"OPEN","total":16757.56,"used":-0.10,"write_off":null,"rollover":0.00,"available":null,
		"usage_amount":null,"ordinal":1,"removed_at":"2026-04-02T03:04:05.678901+00:00","removed":true}`), &budget))
	require.Equal(t, Row{ID: "0197a001-0000-7000-8000-000000000001", Ordinal: 1, Removed: true}, budget.Row)
	require.Equal(t, NewDate(2026, time.April, 1), budget.StartDate)
	require.True(t, budget.EndDate.IsZero())
	require.Equal(t, "16757.56", budget.Total.Decimal.StringFixed(2))
	require.Equal(t, "-0.10", budget.Used.Decimal.StringFixed(2))
	require.True(t, budget.Rollover.Valid)
	require.False(t, budget.WriteOff.Valid || budget.Available.Valid, "NULL is not 0.00 (R3)")

	var person Person
	require.NoError(t, json.Unmarshal([]byte(`{"id":"0197a001-0000-7000-8000-000000000003","given_name":"","family_name":"","birth_date":null,
		"care_recipient_id":null,"connection_id":null,"entry_date":null,"departure_date":null,"not_in_care_since":null,"verified_at":null}`), &person))
	require.Equal(t, Person{ID: "0197a001-0000-7000-8000-000000000003"}, person)
}
