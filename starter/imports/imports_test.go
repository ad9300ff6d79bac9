package imports_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/starter/imports"
)

var today = care.NewDate(2026, time.April, 1)

func people(t require.TestingT, file string) imports.File[imports.Person] {
	read, err := imports.People(context.Background(), strings.NewReader(file), today)
	require.NoError(t, err)
	return read
}

func invoices(t require.TestingT, file string) imports.File[imports.InvoiceLine] {
	read, err := imports.Invoices(context.Background(), strings.NewReader(file))
	require.NoError(t, err)
	return read
}

func deliveredServices(t require.TestingT, file string) imports.File[imports.DeliveredService] {
	read, err := imports.DeliveredServices(context.Background(), strings.NewReader(file))
	require.NoError(t, err)
	return read
}

func contracts(t require.TestingT, file string) imports.File[imports.Contract] {
	read, err := imports.Contracts(context.Background(), strings.NewReader(file))
	require.NoError(t, err)
	return read
}

const peopleHeader = "given_name,family_name,birth_date,care_recipient_id\n"

func TestPeopleAreReadAsSpreadsheetsWriteThem(t *testing.T) {
	want := imports.Person{Line: 2, ServiceProviderID: "4000012345", Identity: care.Identity{
		GivenName: "Zoë", FamilyName: "Wren, née Lark", BirthDate: care.NewDate(1941, time.March, 9), CareRecipientID: "0415056224",
	}}
	for name, file := range map[string]string{
		"byte order mark and CRLF": "\ufeffgiven_name,family_name,birth_date,care_recipient_id,service_provider_id\r\nZoë,\"Wren, née Lark\",1941-03-09,0415056224,4000012345\r\n",
		"other order and case":     "Birth_Date, Care_Recipient_ID,SERVICE_PROVIDER_ID,given_name,family_name\n1941-03-09,0415056224,4000012345,Zoë ,\"Wren, née Lark\"\n",
		"no line break at the end": "given_name,family_name,birth_date,care_recipient_id,service_provider_id\nZoë,\"Wren, née Lark\",1941-03-09,0415056224,4000012345",
		"empty lines":              "given_name,family_name,birth_date,care_recipient_id,service_provider_id\nZoë,\"Wren, née Lark\",1941-03-09,0415056224,4000012345\n,,,,\n\n",
	} {
		t.Run(name, func(t *testing.T) {
			read := people(t, file)
			require.Empty(t, read.Problems)
			require.Equal(t, []imports.Person{want}, read.Rows)
		})
	}
}

func TestEveryErrorOfAFileIsReported(t *testing.T) {
	file := peopleHeader +
		"Ada,Wren,1941-03-09,415056224\n" + // good
		"Ben,,09/03/1941,41505622a\n" + // three errors
		"Cid,Crake,2026-04-02,41505622400\n" + // two
		"Dot,Dove,1941-03-09\n" + // a value is missing
		"Eve,\"Egret\"x,1941-03-09,415056225\n" + // a quotation mark
		"Fay,Finch,1941-03-09,\n" // neither number
	read := people(t, file)
	var places []string
	for _, problem := range read.Problems {
		places = append(places, strings.SplitN(problem.String(), ":", 2)[0])
	}
	require.Equal(t, []string{
		"line 3, family_name", "line 3, birth_date", "line 3, care_recipient_id", "line 4, birth_date", "line 4, care_recipient_id",
		"line 5", "line 6", "line 7, care_recipient_id",
	}, places)
	require.Len(t, read.Rows, 1)
}

func TestFilesThatCannotBeRead(t *testing.T) {
	for name, test := range map[string]struct{ file, says string }{
		"empty":            {"\ufeff \r\n", "the file is empty"},
		"UTF-16":           {"\xff\xfeg\x00", "UTF-16"},
		"a spreadsheet":    {"PK\x03\x04...", "a spreadsheet"},
		"Latin-1":          {peopleHeader + "Zo\xeb,Wren,1941-03-09,415056224\n", "line 2, given_name: is not UTF-8"},
		"semicolons":       {"given_name;family_name;birth_date;care_recipient_id\n", "not separated by commas"},
		"a missing column": {"given_name,birth_date,care_recipient_id\n", "line 1: the column family_name is missing"},
		"an unknown one":   {"given_name,family_name,birth_date,care_recipient_id,phone\n", "line 1: column 5 is unknown"},
		"one twice":        {"given_name,family_name,birth_date,care_recipient_id,given_name\n", "line 1: column 5 has the same header"},
		"an open quote":    {peopleHeader + "\"Ada,Wren,1941-03-09,415056224\n", "line 2: has a quotation mark that is not closed"},
		"a NUL":            {peopleHeader + "A\x00da,Wren,1941-03-09,415056224\n", "line 2, given_name: holds a line break or another control character"},
		"a long value":     {peopleHeader + strings.Repeat("A", 201) + ",Wren,1941-03-09,415056224\n", "line 2, given_name: is longer than 200 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			read := people(t, test.file)
			require.Empty(t, read.Rows)
			require.Len(t, read.Problems, 1)
			require.Contains(t, read.Problems[0].String(), test.says)
		})
	}
}

func TestInvoices(t *testing.T) {
	const header = "invoice_id,item_id,care_recipient_id,service_id,delivery_date,amount\n"
	read := invoices(t, (header + "900000123,1,415056224,SERV-0012,2026-04-03,50\n900000123,2,415056224,,2026-04-03,-1234567.05\n"))
	require.Empty(t, read.Problems)
	require.Equal(t, "50", read.Rows[0].Amount.String())
	require.Equal(t, "-1234567.05", read.Rows[1].Amount.String())

	for _, amount := range []string{"", "$50", "\"1,000.00\"", "1.005", "1e3", "NaN", "1234567890123", "--5", ".5"} {
		read := invoices(t, (header + "900000123,1,415056224,SERV-0012,2026-04-03," + amount + "\n"))
		require.Len(t, read.Problems, 1, amount)
		require.Equal(t, "amount", read.Problems[0].Column)
	}
}

func TestAnInvoiceLineMayCarryOurReference(t *testing.T) { // R17
	const header = "invoice_id,item_id,care_recipient_id,service_id,delivery_date,amount,external_reference_id\n"
	read := invoices(t, header+"900000123,1,415056224,SERV-0012,2026-04-03,50,CARESYNC-000000000000001\n900000123,2,415056224,,2026-04-03,50,\n")
	require.Empty(t, read.Problems)
	require.Equal(t, "CARESYNC-000000000000001", read.Rows[0].ExternalReferenceID)
	require.Empty(t, read.Rows[1].ExternalReferenceID)

	read = invoices(t, header+"900000123,1,415056224,SERV-0012,2026-04-03,50,CARESYNC-0000000000000001\n")
	require.Len(t, read.Problems, 1)
	require.Equal(t, "line 2, external_reference_id: is longer than 24 characters", read.Problems[0].String())
}

func TestAListOfParticipantsNeedsNoCareRecipientIDs(t *testing.T) {
	read := people(t, "given_name,family_name,birth_date,ndis_number\nAda,Wren,1941-03-09,430000001\n")
	require.Empty(t, read.Problems)
	require.Equal(t, "430000001", read.Rows[0].NDISNumber)
	nobody := people(t, "given_name,family_name,birth_date\nAda,Wren,1941-03-09\n")
	require.Len(t, nobody.Problems, 1)
	require.Equal(t, "line 2, care_recipient_id: is empty: a person needs a care recipient id or an NDIS number", nobody.Problems[0].String())
}

func TestThePACEBoxesAreRead(t *testing.T) { // PACE guide, step 2
	yes, no := true, false
	const header = "given_name,family_name,birth_date,care_recipient_id,ndis_number,pace_participant,pace_api_access\n"
	for text, want := range map[string]*bool{"yes": &yes, "TRUE": &yes, "1": &yes, "No": &no, "false": &no, "0": &no, "": nil} {
		read := people(t, header+"Ada,Wren,1941-03-09,,430000001,"+text+","+text+"\n")
		require.Empty(t, read.Problems, text)
		require.Equal(t, want, read.Rows[0].PACEParticipant, text)
		require.Equal(t, want, read.Rows[0].PACEAPIAccess, text)
	}
	read := people(t, header+"Ada,Wren,1941-03-09,,430000001,perhaps,y\n")
	require.Len(t, read.Problems, 2)
	require.Equal(t, "line 2, pace_participant: is neither yes nor no", read.Problems[0].String())
	absent := people(t, peopleHeader+"Ada,Wren,1941-03-09,415056224\n")
	require.Nil(t, absent.Rows[0].PACEParticipant, "an absent column leaves the box as it is")
}

func TestDeliveredServices(t *testing.T) {
	const header = "reference,ndis_number,budget_id,category,management,delivered_on,amount,support_item_number,support_item_description,note,claim_status\n"
	read := deliveredServices(t, (header +
		"W1,430000001,,Consumables,Plan-managed,2026-03-01,10.50,03_040919_0103_1_1,Pads,by post,Paid\n" +
		"W2,430000001,01890A5D-AC96-774B-BCCE-B302099A8057,,,2026-03-01,-1,03_040919_0103_1_1,,,not_claimed\n"))
	require.Empty(t, read.Problems)
	require.Equal(t, []imports.DeliveredService{
		{
			Line: 2, Reference: "W1", NDISNumber: "430000001", Category: "Consumables", Management: "Plan-managed", DeliveredOn: care.NewDate(2026, time.March, 1),
			Amount: decimal.RequireFromString("10.50"), SupportItemNumber: "03_040919_0103_1_1", SupportItemDescription: "Pads", Note: "by post", ClaimStatus: care.ClaimPaid,
		},
		{
			Line: 3, Reference: "W2", NDISNumber: "430000001", BudgetID: "01890a5d-ac96-774b-bcce-b302099a8057", DeliveredOn: care.NewDate(2026, time.March, 1),
			Amount: decimal.RequireFromString("-1"), SupportItemNumber: "03_040919_0103_1_1", ClaimStatus: care.NotClaimed,
		},
	}, read.Rows)

	for line, columns := range map[string][]string{
		",430000001,,Consumables,,2026-03-01,1,03,,,paid":          {"reference"},
		"W1,,,Consumables,,2026-03-01,1,03,,,paid":                 {"ndis_number"},
		"W1,123456789,,Consumables,,2026-03-01,1,03,,,paid":        {"ndis_number"},
		"W1,430000001,x,,,2026-03-01,1,03,,,paid":                  {"budget_id"},
		"W1,430000001,,,plan-managed,2026-03-01,1,03,,,paid":       {"category"},
		"W1,430000001,,Consumables,,01/03/2026,1.005,03,,,paid":    {"delivered_on", "amount"},
		"W1,430000001,,Consumables,,2026-03-01,1,,,,":              {"support_item_number", "claim_status"},
		"W1,430000001,,Consumables,,2026-03-01,1,03,,,reimbursed":  {"claim_status"},
		"Kookaburra,43x,Kookaburra,,,Kookaburra,Kookaburra,03,,,x": {"ndis_number", "budget_id", "claim_status", "delivered_on", "amount"},
	} {
		read := deliveredServices(t, (header + line + "\n"))
		require.Empty(t, read.Rows, line)
		var places []string
		for _, problem := range read.Problems {
			places = append(places, problem.Column)
			require.NotContains(t, problem.String(), "Kookaburra", "R10")
		}
		require.Equal(t, columns, places, line)
	}
	minimal := deliveredServices(t, ("reference,ndis_number,category,delivered_on,amount,support_item_number,claim_status\nW1,430000001,Consumables,2026-03-01,1,03,paid\n"))
	require.Empty(t, minimal.Problems)
}

func TestContractsMadeByHand(t *testing.T) {
	read := contracts(t, ("ndis_number,reference,start_date,end_date,total_funding\n430000001,SC-1,2026-01-01,2026-12-31,1234.50\n430000001,SC-2,2027-01-01,,\n"))
	require.Empty(t, read.Problems)
	require.Equal(t, []imports.Contract{
		{
			Line: 2, NDISNumber: "430000001", Reference: "SC-1", StartDate: care.NewDate(2026, time.January, 1), EndDate: care.NewDate(2026, time.December, 31),
			TotalFunding: decimal.NewNullDecimal(decimal.RequireFromString("1234.50")),
		},
		{Line: 3, NDISNumber: "430000001", Reference: "SC-2", StartDate: care.NewDate(2027, time.January, 1)},
	}, read.Rows)
	require.Empty(t, contracts(t, ("ndis_number,reference,start_date\n430000001,SC-1,2026-01-01\n")).Problems)

	read = contracts(t, ("ndis_number,reference,start_date,end_date,total_funding\n44,,2026-13-01,soon,much\n"))
	var places []string
	for _, problem := range read.Problems {
		places = append(places, problem.Column)
	}
	require.Equal(t, []string{"ndis_number", "reference", "start_date", "end_date", "total_funding"}, places)
}

// Whatever a file holds, it is read to its end, and no value turns up in a message (R10).
func TestAnyBytesAreReadOrRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[A-Za-z0-9"\n,;]{0,30}`).Draw(t, "value")
		secret := "Kookaburra"
		read := people(t, peopleHeader+secret+","+value+",1941-13-09,x"+secret+"\n")
		require.NotEmpty(t, read.Problems)
		for _, problem := range read.Problems {
			require.NotContains(t, problem.String(), secret)
		}
	})
}
