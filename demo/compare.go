package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	ofContracts  = "--contract"
	plansFile    = "plans.json"
	requestLimit = 30 * time.Second
)

// object is JSON as it came: a comparison needs a few fields of large documents.
type object map[string]any

// kind is a kind of records: its fields are called differently by CareSync and by the simulator.
type kind struct {
	name, held, reported string
	heldFields           []string
	reportedFields       []string
}

var (
	planKinds = []kind{
		{"classification", "classifications", "Classifications", []string{"code", "start_date", "end_date"}, []string{"Code", "Start", "End"}},
		{"approved service", "approved_services", "ApprovedServices", []string{"service_code", "start_date", "end_date"}, []string{"ServiceID", "Start", "End"}},
		{"supplement", "supplements", "Supplements", []string{"code", "start_date", "end_date"}, []string{"Code", "Start", "End"}},
		{"contribution", "contributions", "Contributions", []string{"category", "percentage", "start_date", "end_date"}, []string{"Category", "Percentage", "Start", "End"}},
		{"budget", "budgets", "Budgets", []string{"upstream_budget_id", "type_code", "start_date", "end_date"}, []string{"ID", "TypeCode", "Start", "End"}},
		{"usage line", "usage", "Usage", []string{"upstream_invoice_id", "upstream_item_id", "service_code", "delivery_date", "amount"},
			[]string{"InvoiceID", "ItemID", "ServiceID", "DeliveryDate", "Drawn"}},
	}
	planBudgets = kind{"budget", "budgets", "Budgets", []string{"category", "budget_type", "management", "approved", "spent"},
		[]string{"Name", "Type", "Management", "Approved", "Spent"}}
)

// comparer compares what CareSync holds of people with what the simulated government reports, record by record.
type comparer struct {
	client                *http.Client
	api, token, simulator string
	counts                map[string]int
	// plans are the ids of people's plans by CareSync's ids of them, as the comparisons before found them.
	plans map[string]string
}

// runComparison compares people who are named by the government's numbers.
func runComparison(numbers []string) int {
	c := comparer{
		client: &http.Client{Timeout: requestLimit}, api: "http://" + os.Getenv("API"), simulator: "http://" + os.Getenv("SIMULATOR"),
		token: os.Getenv(strings.ToUpper(os.Getenv("CARESYNC_ORGANISATION")) + "_TOKEN"), counts: map[string]int{}, plans: map[string]string{},
	}
	err := c.compareAll(os.Stdout, numbers)
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		return exitFailed
	}
	return 0
}

// errNothingSaved is returned for a person without any stored data.
var errNothingSaved = errors.New("nothing is saved")

func (c comparer) compareAll(out io.Writer, numbers []string) error {
	compare, service := c.plan, "Services Australia"
	if numbers[0] == ofContracts {
		numbers, compare, service = numbers[1:], c.contract, "the NDIA"
	}
	if content, err := os.ReadFile(plansFile); err == nil {
		if err := json.Unmarshal(content, &c.plans); err != nil {
			return fmt.Errorf("read %s: %w", plansFile, err)
		}
	}
	differing, empty := 0, 0
	for _, number := range numbers {
		kinds, err := compare(number)
		switch {
		case errors.Is(err, errNothingSaved):
			empty++
		case err != nil:
			return fmt.Errorf("compare %s: %w", number, err)
		case len(kinds) > 0:
			differing++
			_, _ = fmt.Fprintf(out, "✗ %s differs from %s: %s\n", number, service, strings.Join(kinds, ", "))
		}
	}
	if differing > 0 {
		return fmt.Errorf("%d of %d differ", differing, len(numbers))
	}
	_, _ = fmt.Fprintln(out, c.words(service, len(numbers), empty))
	content, err := json.Marshal(c.plans)
	if err != nil {
		return err
	}
	return os.WriteFile(plansFile, content, 0o600)
}

// words say what was compared.
func (c comparer) words(service string, people, empty int) string {
	if people == empty {
		return "Nothing saved"
	}
	parts := []string{counted(people-empty, "plan")}
	for _, name := range []string{"classification", "budget", "usage line", "adjustment record"} {
		if number, any := c.counts[name]; any {
			parts = append(parts, counted(number, name))
		}
	}
	sentence := "As at " + service + ": " + strings.Join(parts, ", ")
	if empty > 0 {
		sentence += fmt.Sprintf("; nothing saved of %d people", empty)
	}
	return sentence
}

func counted(number int, noun string) string {
	if number != 1 {
		noun += "s"
	}
	return fmt.Sprint(number, " ", noun)
}

// plan compares a Support at Home plan and returns what differs. The plan's id is compared with that of the comparison before: a person
// keeps the plan (R12).
func (c comparer) plan(careRecipientID string) (differing []string, err error) {
	held, err := c.person("care_recipient_id", careRecipientID, "/plan")
	if err != nil {
		return nil, err
	}
	person, _ := held["person"].(map[string]any)
	header, saved := person["plan"].(map[string]any)
	if !saved {
		return nil, errNothingSaved
	}
	reported, err := c.call(http.MethodGet, c.simulator+"/control/person/"+careRecipientID, nil)
	if err != nil {
		return nil, err
	}
	reduce(held, reported, person["service_provider_id"])
	for _, one := range planKinds {
		if c.differs(one, held, reported) {
			differing = append(differing, one.name+"s")
		}
	}
	owner, id := fmt.Sprint(person["id"]), fmt.Sprint(header["id"])
	if before, known := c.plans[owner]; known && before != id {
		differing = append(differing, "the plan is another one")
	}
	c.plans[owner] = id
	return differing, nil
}

// reduce leaves of both sides what can be compared: the budgets that Services Australia shows to the provider, and the usage of those that
// CareSync reads. Money that was drawn counts as positive, as in CareSync.
func reduce(held, reported object, provider any) {
	var usage, reportedUsage, visible []any
	open := map[any]bool{}
	for _, budget := range held.list("budgets") {
		if budget["open"] == true && budget["removed_at"] == nil {
			open[budget["upstream_budget_id"]] = true
			usage = append(usage, budget.items("usage")...)
		}
	}
	for _, budget := range reported.list("Budgets") {
		if budget["Hidden"] == true || budget["ServiceProviderID"] != provider || reported["Consent"] == "refused" || reported["EntryRegistered"] != true {
			continue
		}
		visible = append(visible, map[string]any(budget))
		for _, line := range budget.list("Usage") {
			amount, drawn := strings.CutPrefix(fmt.Sprint(line["Amount"]), "-")
			if !drawn {
				amount = "-" + amount
			}
			line["Drawn"] = amount
		}
		if open[budget["ID"]] {
			reportedUsage = append(reportedUsage, budget.items("Usage")...)
		}
	}
	held["usage"], reported["Usage"], reported["Budgets"] = usage, reportedUsage, visible
}

// contract compares the budgets of a person's current service contract with the NDIA's, and checks that adjustment and own claims add up to
// what was spent (R27).
func (c comparer) contract(ndisNumber string) (differing []string, err error) {
	person, err := c.person("ndis_number", ndisNumber, "/pace")
	if err != nil {
		return nil, err
	}
	contracts := person.list("contracts")
	current := slices.IndexFunc(contracts, func(contract object) bool { return contract["current"] == true })
	if current < 0 {
		return nil, errNothingSaved
	}
	held, err := c.call(http.MethodGet, c.api+"/v1/contracts/"+fmt.Sprint(contracts[current]["id"]), nil)
	if err != nil {
		return nil, err
	}
	reported, err := c.call(http.MethodGet, c.simulator+"/control/participant/"+ndisNumber, nil)
	if err != nil {
		return nil, err
	}
	for _, plan := range reported.list("Plans") {
		if plan["Start"] == held["plan_start_date"] {
			reported["Budgets"] = plan.funded("Budgets", "Approved", "Spent")
		}
	}
	held["budgets"] = held.funded("budgets", "approved", "spent")
	if c.differs(planBudgets, held, reported) {
		differing = append(differing, "budgets")
	}
	for _, budget := range held.list("budgets") {
		if budget["adjustment"] != nil {
			c.counts["adjustment record"]++
		}
		if sum(budget["adjustment"], budget["own_claimed"]) != sum(budget["spent"]) {
			differing = append(differing, fmt.Sprintf("adjustment and own claims do not add up in %s", budget["category"]))
		}
	}
	return differing, nil
}

// funded are the items in which there is money: the NDIA lists all categories.
func (o object) funded(name string, amounts ...string) (items []any) {
	for _, one := range o.list(name) {
		for _, amount := range amounts {
			if sum(one[amount]) != sum() {
				items = append(items, map[string]any(one))
				break
			}
		}
	}
	return items
}

// differs compares the records of a kind on both sides, in any order, and counts them.
func (c comparer) differs(one kind, held, reported object) bool {
	var ours, theirs []string
	for _, record := range held.list(one.held) {
		if record["removed_at"] == nil {
			ours = append(ours, record.line(one.heldFields))
		}
	}
	for _, record := range reported.list(one.reported) {
		theirs = append(theirs, record.line(one.reportedFields))
	}
	c.counts[one.name] += len(ours)
	slices.Sort(ours)
	slices.Sort(theirs)
	return !slices.Equal(ours, theirs)
}

// line is a record as text. Numbers are written alike; no value is no text.
func (o object) line(fields []string) string {
	values := make([]string, len(fields))
	for i, name := range fields {
		value, _ := o[name].(string)
		if number, isNumber := new(big.Rat).SetString(value); isNumber {
			value = number.FloatString(4)
		}
		values[i] = strings.ToLower(value)
	}
	return strings.Join(values, "|")
}

func (o object) items(name string) []any {
	items, _ := o[name].([]any)
	return items
}

func (o object) list(name string) (objects []object) {
	for _, item := range o.items(name) {
		one, _ := item.(map[string]any)
		objects = append(objects, one)
	}
	return objects
}

// sum adds amounts; what is not there counts nothing.
func sum(amounts ...any) string {
	total := new(big.Rat)
	for _, amount := range amounts {
		if value, isNumber := new(big.Rat).SetString(fmt.Sprint(amount)); isNumber {
			total.Add(total, value)
		}
	}
	return total.FloatString(2)
}

// person reads what CareSync's API has about a person who is named by one of the government's numbers.
func (c comparer) person(numbers, number, path string) (object, error) {
	found, err := c.call(http.MethodPost, c.api+"/v1/people/search", object{numbers: number})
	if err != nil {
		return nil, err
	}
	return c.call(http.MethodGet, c.api+"/v1/people/"+fmt.Sprint(found["id"])+path, nil)
}

// call makes an HTTP call. Where calls come too often, it waits as long as it is told.
func (c comparer) call(method, address string, body object) (answer object, err error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	for {
		request, err := http.NewRequest(method, address, bytes.NewReader(content))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+c.token)
		response, err := c.client.Do(request)
		if err != nil {
			return nil, err
		}
		err = json.NewDecoder(response.Body).Decode(&answer)
		_ = response.Body.Close()
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		switch {
		case response.StatusCode == http.StatusTooManyRequests && seconds > 0:
			time.Sleep(time.Duration(seconds) * time.Second)
		case response.StatusCode != http.StatusOK:
			return nil, fmt.Errorf("%s %s: %s", method, address, response.Status)
		default:
			return answer, err
		}
	}
}
