package imports_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caresync/caresync/starter/imports"
)

// repeated is a file that repeats a text, and counts what is read of it.
type repeated struct {
	text string
	size int
	read int
}

// Read implements io.Reader.
func (r *repeated) Read(part []byte) (int, error) {
	n := 0
	for ; n < len(part) && r.read < r.size; n++ {
		part[n] = r.text[r.read%len(r.text)]
		r.read++
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// file is a header with a repeated text behind it.
func file(header, text string, size int) (io.Reader, *repeated) {
	rest := &repeated{text: text, size: size}
	return io.MultiReader(strings.NewReader(header), rest), rest
}

// held is how many bytes reading a file allocates, all in all.
func held(t *testing.T, read func()) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	read()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Whatever is wrong with a file of 32 MiB, it is found out within the first records, or without holding more than one.
func TestTheWorstFilesCostLittle(t *testing.T) {
	const mostHeld = 16 << 20 // what a record of 64 KiB takes as it grows, and a thousand problems
	for name, test := range map[string]struct {
		header, text string
		says         string
		// read is how many bytes may be read to find it out.
		read int
	}{
		"a header of very many columns":   {"", "a,", "a line is longer than 64 KiB", 256 << 10},
		"columns that no one knows":       {strings.Repeat("a,", 10_000) + "\n", "1,", "column 1 is unknown", 256 << 10},
		"lines of one letter":             {peopleHeader, "a\n", "has 1 values, the header has 4 columns", 256 << 10},
		"newlines":                        {peopleHeader, "\n", "follows as many empty lines", 256 << 10},
		"newlines in front of the header": {"", "\n", "follows as many empty lines", 256 << 10},
		"one value":                       {peopleHeader, "a", "a line is longer than 64 KiB", 256 << 10},
		"one value of blanks":             {peopleHeader, " ", "a line is longer than 64 KiB", 256 << 10},
		"quotation marks":                 {peopleHeader, "\"", "a line is longer than 64 KiB", 256 << 10},
		"an open quotation mark":          {peopleHeader + "\"", "\n", "a line is longer than 64 KiB", 256 << 10},
		"quotation marks in lines":        {peopleHeader, "\"\n", "more than 250000 lines", 2 << 20},
		"commas":                          {peopleHeader, ",", "a line is longer than 64 KiB", 256 << 10},
		"lines of commas":                 {peopleHeader, ",,,\n", "more than 250000 lines", 2 << 20},
		"bytes that are not text":         {peopleHeader, "\xff,\xff,\xff,\xff\n", "is not UTF-8 text", 256 << 10},
		"zero bytes":                      {peopleHeader, "\x00", "a line is longer than 64 KiB", 256 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			from, rest := file(test.header, test.text, imports.MaxSize+1)
			var read imports.File[imports.Person]
			bytes := held(t, func() {
				var err error
				read, err = imports.People(t.Context(), from, today)
				require.NoError(t, err)
			})
			require.NotEmpty(t, read.Problems)
			require.Contains(t, read.Problems[0].String(), test.says)
			require.LessOrEqual(t, len(read.Problems), imports.MostProblems+10)
			require.Less(t, rest.read, test.read, "bytes that were read")
			require.Less(t, bytes, uint64(mostHeld+40*rest.read), "bytes that were allocated")
		})
	}
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	from, _ := file(peopleHeader, "Ada,Wren,1941-03-09,415056224"+strings.Repeat(" ", 900)+"\n", imports.MaxSize)
	read, err := imports.People(t.Context(), from, today)
	require.NoError(t, err)
	require.Contains(t, read.Problems[len(read.Problems)-1].String(), "32 MiB")
}

func TestReadingStopsWithTheProblemsThatAreListed(t *testing.T) {
	from, rest := file(peopleHeader, "Ada,Wren,1941-03-09,x\n", 22*2500)
	read, err := imports.People(t.Context(), from, today)
	require.NoError(t, err)
	require.Len(t, read.Problems, imports.MostProblems)
	require.Less(t, rest.read, 22*1400)
}

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	from, rest := file(peopleHeader, "Ada,Wren,1941-03-09,415056224\n", imports.MaxSize)
	_, err := imports.People(ctx, readerFunc(func(part []byte) (int, error) {
		if rest.read > 100_000 {
			cancel() // the client has left
		}
		return from.Read(part)
	}), today)
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, rest.read, 200_000)
}

func TestAFileThatBreaksOffIsNoFile(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(peopleHeader+"Ada,Wren,1941-03-09,415056224\n"), readerFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }))
	read, err := imports.People(t.Context(), broken, today)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Empty(t, read.Rows)
}

type readerFunc func([]byte) (int, error)

// Read implements io.Reader.
func (f readerFunc) Read(part []byte) (int, error) { return f(part) }

// Any file is read or refused: with no more memory than a multiple of its size, with no row that has a problem, and without a value in a
// message (R10).
func FuzzFiles(f *testing.F) {
	for _, seed := range []string{
		"", "\ufeff", "PK\x03\x04", "\xff\xfea", peopleHeader, peopleHeader + "Ada,Wren,1941-03-09,415056224\n", peopleHeader + "\"Ada\nB\",Wren,1941-03-09,1\r\n",
		peopleHeader + "\"", peopleHeader + "a\n\n\na\"b,,,\n", "given_name;family_name\n", "a,b\xff,\x00\n", peopleHeader + ",,,\n,,,", "\n\n\n" + peopleHeader,
		"invoice_id,item_id,care_recipient_id,service_id,delivery_date,amount\n1,1,415056224,S,2026-04-03,50.00\n",
		"reference,ndis_number,category,delivered_on,amount,support_item_number,claim_status\nW1,430000001,Consumables,2026-03-01,1,03,paid\n",
		"ndis_number,reference,start_date\n430000001,SC-1,2026-01-01\n", strings.Repeat("a,", 40_000) + "\n", peopleHeader + strings.Repeat("a\n", 2000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var problems [][]imports.LineError
		allocated := held(t, func() {
			people, err := imports.People(t.Context(), bytes.NewReader(data), today)
			require.NoError(t, err)
			invoices, err := imports.Invoices(t.Context(), bytes.NewReader(data))
			require.NoError(t, err)
			delivered, err := imports.DeliveredServices(t.Context(), bytes.NewReader(data))
			require.NoError(t, err)
			contracts, err := imports.Contracts(t.Context(), bytes.NewReader(data))
			require.NoError(t, err)
			problems = append(problems, people.Problems, invoices.Problems, delivered.Problems, contracts.Problems)
		})
		require.Less(t, allocated, uint64(8<<20+200*len(data)))
		for _, list := range problems {
			require.LessOrEqual(t, len(list), imports.MostProblems+20)
		}
	})
}
