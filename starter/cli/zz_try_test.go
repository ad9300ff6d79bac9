package cli_test

import (
	"fmt"
	"testing"
	"strings"
	"os"
	"path/filepath"
	"github.com/caresync/caresync/simulator/world"
	"github.com/shopspring/decimal"
)

func TestTry(t *testing.T) {
	s := newSimulated(t)
	t.Setenv("CARESYNC_ORGANISATION", "banksia-home-care")
	orgs, _ := s.Store.Organisations(t.Context())
	for _, o := range orgs { fmt.Println(o.Slug); if o.ID == s.RequestFor(t, "changed-manager").OrganisationID { t.Setenv("CARESYNC_ORGANISATION", o.Slug) } }
	show := func(args ...string) string { d := run(t, "", args...); fmt.Printf("\n$ caresync %v -> %d\n%s%s", args, d.code, d.out, d.err); return d.out }
	file := func(text string) string { p := filepath.Join(t.TempDir(), "f.csv"); os.WriteFile(p, []byte(text), 0o600); return p }
	show("connection", "test", "ndia")
	show("pace", "settings")
	show("pace", "enable")
	show("pace", "secret")
	show("pace", "subscribe")
	show("pace", "retrieve", "430200102", "--all", "--json")
	out := show("contract", "list", "430200102")
	id := strings.Fields(out)[len(strings.Fields(out))-1]
	show("contract", "show", id)
	show("import", "delivered-services", file("reference,ndis_number,category,delivered_on,amount,support_item_number,claim_status\nR1,430200102,Consumables,2026-10-01,12.50,03_040919_0103_1_1,paid\n"))
	show("contract", "history", id, "--limit", "10")
	_ = s.World.World.MoveParticipant("changed-manager", world.PlanMove{Name: world.Spend, Category: "Consumables", Amount: decimal.RequireFromString("812.30")})
	show("pace", "retrieve", "430200102")
	_ = s.World.World.MoveParticipant("changed-manager", world.PlanMove{Name: world.Spend, Category: "Consumables", Amount: decimal.RequireFromString("2.30")})
	show("pace", "create", "430200102")
	show("runs", "list", "--limit", "1")
	show("pace", "client", "430200102")
	show("import", "contracts", file("ndis_number,reference,start_date,end_date,total_funding\n430200101,OLD-1,2026-01-01,2026-12-31,1000.00\n"))
	show("pace", "retrieve", "430200101")
	show("pace", "create", "430200101")
	show("pace", "create", "430200101", "--select", "99")
	show("pace", "create", "430200101", "--select", "1,2", "--accept-overlaps")
	show("pace", "create", "430200101")
	show("pace", "retrieve", "430200101", "--plan-start", "2020-01-01")
	for _, k := range []string{"two-plans-unclear", "future-plan", "not-pace", "surname-differs"} {
		show("pace", "retrieve", string(s.RequestFor(t, k).ClientID), )
	}
}
