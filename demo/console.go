package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// cookies is the file that a visitor's session would be kept in on a command line.
const cookies = "session.txt"

// browser is somebody who looks at the console.
type browser struct {
	*http.Client
	address string
}

// openConsole signs in to the console as a browser would, and looks at its first page.
func (d *demo) openConsole(ctx context.Context) error {
	d.out.say("Coordinators work with the console, in a browser. They sign in with their organisation's API token, or with a link that works once; here by hand.")
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	visitor := browser{&http.Client{Jar: jar, Timeout: httpTimeout}, d.consoleAddress()}
	for _, step := range []func(context.Context, browser) error{d.stayOutside, d.signIn, d.lookAtPeople, d.lookForSomebodyElses} {
		if err := step(ctx, visitor); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) consoleAddress() string { return webAddress(d.ports.api) }

// linkArguments make a link that signs in to an organisation's world.
func (d *demo) linkArguments(owner *organisation, more ...string) []string {
	return append([]string{"caresync", "console", "link", "--organisation", owner.slug, "--public-url", d.consoleAddress()}, more...)
}

// stayOutside shows that there is nothing to see without signing in.
func (d *demo) stayOutside(ctx context.Context, visitor browser) error {
	page, err := visitor.get(ctx, peoplePath, nil)
	if err != nil {
		return err
	}
	d.verdict.expect("The console without signing in", "200 OK; /sign-in; 0 people", joined(page.line, page.path, countedPeople(len(page.people()))), "")
	return nil
}

// signIn uses a link, which then is used up.
func (d *demo) signIn(ctx context.Context, visitor browser) error {
	args := d.linkArguments(d.banksia)
	d.out.command("LINK=$(" + commandLine(args...) + ")")
	output, exitCode, err := d.programs.run(ctx, nil, d.out.output, args...)
	if err != nil {
		return err
	}
	if exitCode != 0 {
		return fmt.Errorf("no link to sign in with: exit code %d", exitCode)
	}
	link := strings.TrimSpace(output)
	d.out.command("curl -s -L -c " + cookies + " -d '' $LINK -o people.html")
	first, err := visitor.do(ctx, http.MethodPost, link)
	if err != nil {
		return err
	}
	d.verdict.expect("The link signs in, and leads to the people", "200 OK; "+peoplePath, joined(first.line, first.path), "")
	second, err := visitor.do(ctx, http.MethodPost, link)
	if err != nil {
		return err
	}
	d.verdict.expect("The link once more", "410 Gone", second.line, "")
	return nil
}

// lookAtPeople turns over the pages of people and compares their names with those that the organisation has imported.
func (d *demo) lookAtPeople(ctx context.Context, visitor browser) error {
	imported, err := d.importedNames(d.banksia.slug+"-people.csv", d.banksia.slug+"-participants.csv")
	if err != nil {
		return err
	}
	d.out.say("The first page lists the organisation's people.")
	d.out.command("curl -s -b " + cookies + " " + visitor.address + peoplePath)
	var listed []string
	for number := 1; ; number++ {
		page, err := visitor.get(ctx, peoplePath, url.Values{"page": {fmt.Sprint(number)}})
		if err != nil {
			return err
		}
		names := page.people()
		if number == 1 {
			d.showNames(names)
		}
		listed = append(listed, names...)
		if len(names) == 0 {
			break
		}
	}
	strangers := slices.DeleteFunc(slices.Clone(listed), func(name string) bool { return slices.Contains(imported, name) })
	d.verdict.expect("The console's people", fmt.Sprintf("%d people; 0 of another organisation", len(imported)),
		fmt.Sprintf("%d people; %d of another organisation", len(listed), len(strangers)), "")
	return nil
}

func (d *demo) showNames(names []string) {
	const shown = 4
	for _, name := range names[:min(len(names), shown)] {
		d.out.output(name)
	}
	if len(names) > shown {
		d.out.output(fmt.Sprintf("… %d more on this page", len(names)-shown))
	}
}

// lookForSomebodyElses searches for somebody whom only the other organisation has.
func (d *demo) lookForSomebodyElses(ctx context.Context, visitor browser) error {
	somebody, err := d.world.person(ctx, "unknown-codes")
	if err != nil {
		return err
	}
	page, err := visitor.get(ctx, peoplePath, url.Values{"search": {somebody.HeldCareRecipientID}})
	if err != nil {
		return err
	}
	d.verdict.expect("A search for somebody of "+d.wattle.name, "200 OK; 0 people", joined(page.line, countedPeople(len(page.people()))), "")
	return nil
}

// importedNames are the names in files that were imported, as the console lists them.
func (d *demo) importedNames(files ...string) (names []string, err error) {
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(d.programs.directory, file))
		if err != nil {
			return nil, err
		}
		lines, err := csv.NewReader(strings.NewReader(string(content))).ReadAll()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		for _, line := range lines[1:] {
			names = append(names, line[1]+", "+line[0])
		}
	}
	return names, nil
}

const peoplePath = "/people"

// webPage is a page of the console.
type webPage struct {
	line    string // such as "200 OK"
	path    string
	content string
}

func (b browser) get(ctx context.Context, path string, query url.Values) (webPage, error) {
	return b.do(ctx, http.MethodGet, b.address+path+"?"+query.Encode())
}

func (b browser) do(ctx context.Context, method, address string) (webPage, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return webPage{}, err
	}
	response, err := b.Do(request)
	if err != nil {
		return webPage{}, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return webPage{line: response.Status, path: response.Request.URL.Path, content: string(content)}, err
}

var personLink = regexp.MustCompile(`<a href="/people/[0-9a-f-]{36}"[^>]*>([^<]+)</a>`)

// people are the names that a page lists.
func (p webPage) people() (names []string) {
	for _, found := range personLink.FindAllStringSubmatch(p.content, -1) {
		names = append(names, html.UnescapeString(strings.TrimSpace(found[1])))
	}
	return names
}

// countedPeople counts people in words.
func countedPeople(number int) string {
	if number == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", number)
}
