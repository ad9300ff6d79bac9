package main

import "fmt"

// verdict holds what was expected beside what was found, by chapter.
type verdict struct {
	chapter string
	checks  []check
}

type check struct{ chapter, about, expected, found, records string }

func (c check) passed() bool { return c.expected == c.found }

// expect notes an expectation. For a person, records count what CareSync holds.
func (v *verdict) expect(about, expected, found, records string) {
	v.checks = append(v.checks, check{v.chapter, about, expected, found, records})
}

// show prints the table and reports whether everything was found as expected.
func (v *verdict) show(out *page) (passed bool) {
	out.chapter("Verdict")
	out.say("What was expected, and found. The records of everybody who was synced were compared with those in the simulated Services Australia " +
		"and NDIA, one by one; here they are counted.")
	abouts, expectations := v.widths()
	failed, chapter := 0, ""
	for _, one := range v.checks {
		if one.chapter != chapter {
			chapter = one.chapter
			out.print("\n" + indent + out.styled(bold, chapter))
		}
		mark := "✓"
		if !one.passed() {
			mark = "✗"
			failed++
		}
		out.output(mark + " " + padded(one.about, abouts) + indent + padded(one.expected, expectations) + indent + one.records)
		if !one.passed() {
			out.output(padded("", abouts+2) + indent + out.styled(red, "found: "+one.found))
		}
	}
	if failed > 0 {
		out.say(fmt.Sprintf("%d of %d expectations were not met.", failed, len(v.checks)))
		return false
	}
	out.say(fmt.Sprintf("All %d expectations were met.", len(v.checks)))
	return true
}

func (v *verdict) widths() (abouts, expectations int) {
	for _, one := range v.checks {
		abouts, expectations = max(abouts, width(one.about)), max(expectations, width(one.expected))
	}
	return abouts, expectations
}
