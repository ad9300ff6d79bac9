package world

import "fmt"

// sequence issues ids that are unique and look like those of the real services: without visible order or meaning.
type sequence struct {
	budgetOffset uint64
	budgets      uint64
	invoices     uint64
}

const (
	// Multiplying by a number without a common factor visits every id of the range once.
	budgetIDs         = 900_000_000_000
	budgetMultiplier  = 618_033_988_751
	recipientIDs      = 1_000_000_000
	recipientMultiple = 618_033_989
	firstInvoice      = 900_000_100

	ndisNumbers        = 10_000_000
	ndisNumberMultiple = 6_180_339
)

func newSequence(seed uint64) sequence {
	return sequence{budgetOffset: mix(seed) % budgetIDs}
}

func (s *sequence) budgetID() string {
	s.budgets++
	return fmt.Sprint((s.budgets*budgetMultiplier+s.budgetOffset)%budgetIDs + 100_000_000_000)
}

func (s *sequence) invoiceID() string {
	s.invoices++
	return fmt.Sprint(firstInvoice + s.invoices)
}

// recipientID returns the care recipient id of the generated person with that number: nine digits, a tenth of them with
// leading zeros, and ten digits for one in ten.
func recipientID(seed uint64, number int) string {
	digits := (uint64(number)*recipientMultiple + mix(seed)%recipientIDs) % recipientIDs
	switch number % 20 {
	case 7:
		return fmt.Sprintf("1%09d", digits)
	case 13:
		return fmt.Sprintf("0%09d", digits)
	default:
		return fmt.Sprintf("%09d", digits)
	}
}

// ndisNumber returns the NDIS number of the generated participant with that number: nine digits that begin with 43.
func ndisNumber(seed uint64, number int) string {
	return fmt.Sprintf("43%07d", (uint64(number)*ndisNumberMultiple+mix(seed)%ndisNumbers)%ndisNumbers)
}

// mix spreads a number over 64 bits (SplitMix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}
