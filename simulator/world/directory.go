package world

import "errors"

// member is what a care recipient and an NDIS participant have in common.
type member[T any] interface {
	clone() T
	key() string
	// number is the government's; empty for members that it does not know.
	number() string
}

// directory holds all members of one kind in the order in which they were made.
type directory[T member[T]] struct {
	list     []T
	byKey    map[string]int
	byNumber map[string]int
}

func newDirectory[T member[T]]() directory[T] {
	return directory[T]{byKey: map[string]int{}, byNumber: map[string]int{}}
}

// add appends a member. It fails if the key or the number is taken.
func (d *directory[T]) add(one T) error {
	if _, taken := d.byKey[one.key()]; taken {
		return errors.New("the key exists twice")
	}
	slot := len(d.list)
	if number := one.number(); number != "" {
		if _, taken := d.byNumber[number]; taken {
			return errors.New("the number belongs to another person")
		}
		d.byNumber[number] = slot
	}
	d.byKey[one.key()] = slot
	d.list = append(d.list, one)
	return nil
}

// slot returns the place of the member with a key or number.
func (d *directory[T]) slot(name string) (int, bool) {
	if slot, found := d.byKey[name]; found {
		return slot, true
	}
	slot, found := d.byNumber[name]
	return slot, found
}

// find returns the member with a key or number.
func (d *directory[T]) find(name string) (T, bool) {
	slot, found := d.slot(name)
	if !found {
		var none T
		return none, false
	}
	return d.list[slot], true
}

// withNumber returns the member with a government number.
func (d *directory[T]) withNumber(number string) (T, bool) {
	slot, found := d.byNumber[number]
	if !found {
		var none T
		return none, false
	}
	return d.list[slot], true
}

// draft holds a change's own copies of the members that it alters.
type draft[T member[T]] struct {
	of     *directory[T]
	copies map[int]T
}

func (d *directory[T]) draft() draft[T] { return draft[T]{of: d, copies: map[int]T{}} }

// own returns the change's copy of a member.
func (d draft[T]) own(slot int) T {
	copied, exists := d.copies[slot]
	if !exists {
		copied = d.of.list[slot].clone()
		d.copies[slot] = copied
	}
	return copied
}

// current returns a member as the change left them, without copying.
func (d draft[T]) current(slot int) T {
	if copied, exists := d.copies[slot]; exists {
		return copied
	}
	return d.of.list[slot]
}

// attempt alters a member; if that fails, they stay as they were.
func (d draft[T]) attempt(slot int, alter func() error) error {
	before := d.current(slot)
	d.copies[slot] = before.clone()
	err := alter()
	if err != nil {
		d.copies[slot] = before
	}
	return err
}

func (d draft[T]) apply() {
	for slot, copied := range d.copies {
		d.of.list[slot] = copied
	}
}
