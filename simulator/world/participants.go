package world

import "fmt"

// participants are the world's NDIS participants, beside its care recipients.
type participants struct {
	list     []*Participant
	byKey    map[string]int
	byNumber map[string]int
}

func newParticipants() participants {
	return participants{byKey: map[string]int{}, byNumber: map[string]int{}}
}

func (p *participants) slot(name string) (int, bool) {
	if slot, found := p.byKey[name]; found {
		return slot, true
	}
	slot, found := p.byNumber[name]
	return slot, found
}

// add puts a new participant into the world. It fails if the key or the NDIS number is taken.
func (p *participants) add(one *Participant) error {
	if _, taken := p.byKey[one.Key]; taken {
		return fmt.Errorf("participant %q exists twice", one.Key)
	}
	if _, taken := p.byNumber[one.NDISNumber]; taken && !one.NotUpstream {
		return fmt.Errorf("participant %q: the NDIS number belongs to another participant", one.Key)
	}
	slot := len(p.list)
	p.list = append(p.list, one)
	p.byKey[one.Key] = slot
	if !one.NotUpstream {
		p.byNumber[one.NDISNumber] = slot
	}
	return nil
}

const (
	ndisNumbers        = 10_000_000
	ndisNumberMultiple = 6_180_339
)

// ndisNumber gives the NDIS number of the generated participant with that number: nine digits that begin with 43.
func ndisNumber(seed uint64, number int) string {
	return fmt.Sprintf("43%07d", (uint64(number)*ndisNumberMultiple+mix(seed)%ndisNumbers)%ndisNumbers)
}
