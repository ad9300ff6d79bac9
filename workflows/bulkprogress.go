package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/caresync/caresync/care"
	"github.com/caresync/caresync/protocol"
	"github.com/caresync/caresync/words"
)

// bulkProgress is what a running bulk run shows, in the query and in the current details.
type bulkProgress struct{ protocol.BulkProgress }

func newBulkProgress(continued *protocol.BulkProgress) *bulkProgress {
	if continued != nil {
		return &bulkProgress{*continued}
	}
	return &bulkProgress{}
}

func (p *bulkProgress) answer() (protocol.BulkProgress, error) { return p.BulkProgress, nil }

func (p *bulkProgress) setPlan(ctx workflow.Context, plan protocol.BulkPlan) {
	p.BulkPlan = plan
	if p.Window == 0 {
		p.Window = plan.Options.Window
	}
	if p.Window == 0 {
		p.Window = protocol.DefaultWindow
	}
	p.show(ctx)
}

// addBatch adds what a batch came to.
func (p *bulkProgress) addBatch(ctx workflow.Context, result protocol.BatchResult) {
	p.BatchesDone++
	p.Counts = p.Counts.Plus(result.Counts)
	p.SetAside += result.SetAside
	p.show(ctx)
}

func (p *bulkProgress) finish(ctx workflow.Context, result protocol.BulkResult) {
	p.Counts, p.Outcome, p.Reason = result.Counts, result.Outcome, result.Reason
	p.show(ctx)
}

func (p *bulkProgress) show(ctx workflow.Context) { workflow.SetCurrentDetails(ctx, p.markdown()) }

func (p *bulkProgress) markdown() string {
	var page strings.Builder
	page.WriteString(fmt.Sprintf("**%s**\n\n%s\n\n", p.headline(), p.bar()))
	page.WriteString("| people | |\n|---|---|\n")
	for _, number := range words.BulkNumbers(p.counts()) {
		page.WriteString(fmt.Sprintf("| %s | %d |\n", number.Words, number.People))
	}
	page.WriteString(fmt.Sprintf("\nBatches: %d of %d, %d in parallel.\n", p.BatchesDone, p.Batches, p.Window))
	if p.SetAside > 0 && p.Outcome == "" {
		page.WriteString(fmt.Sprintf("\nRetried at the end: %d.\n", p.SetAside))
	}
	if p.Reason != "" {
		page.WriteString(fmt.Sprintf("\n%s\n", words.Reason(p.Reason, p.Options.Kind.Service())))
	}
	return page.String()
}

// counts are those so far, of everyone who was selected: the ended batches have counted only their own people.
func (p *bulkProgress) counts() care.BulkCounts {
	counts := p.Counts
	counts.Selected = max(counts.Selected, p.Total)
	return counts
}

func (p *bulkProgress) headline() string {
	switch {
	case p.Outcome != "":
		return words.BulkTitle(p.Outcome, p.counts())
	case p.Paused:
		return "Paused"
	case p.Batches == 0:
		return "Planning"
	default:
		return "Syncing"
	}
}

const barWidth = 40

// bar shows how much is done, of the batches that have ended.
func (p *bulkProgress) bar() string {
	done := 0
	if p.Total > 0 {
		done = p.Counts.Processed * barWidth / p.Total
	}
	return fmt.Sprintf("`[%s%s]`", strings.Repeat("#", done), strings.Repeat("-", barWidth-done))
}
