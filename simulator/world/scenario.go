package world

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// scenarioFile is the form of a scenario file; simulator/README.md documents it for people who write one.
type scenarioFile struct {
	Organisations []Organisation        `yaml:"organisations"`
	People        []scenarioPerson      `yaml:"people"`
	Participants  []scenarioParticipant `yaml:"participants"`
}

// readScenarios reads every *.yaml file in the root of the file system, in the order of their names, into one. Dates are
// dates or expressions, seen from today.
func readScenarios(files fs.FS, today Date) (scenarioFile, error) {
	var all scenarioFile
	if files == nil {
		return all, nil
	}
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return all, fmt.Errorf("list scenario files: %w", err)
	}
	slices.Sort(names)
	dates := yaml.CustomUnmarshaler(func(date *Date, text []byte) (err error) {
		*date, err = DateExpression(strings.Trim(strings.TrimSpace(string(text)), `"'`)).Resolve(today)
		return err
	})
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return all, fmt.Errorf("read scenario file: %w", err)
		}
		var file scenarioFile
		if err := yaml.UnmarshalWithOptions(content, &file, yaml.Strict(), dates); err != nil {
			return all, fmt.Errorf("scenario file %s: %w", name, err)
		}
		for i := range file.People {
			file.People[i].file = name
		}
		for i := range file.Participants {
			file.Participants[i].file = name
		}
		all.Organisations = append(all.Organisations, file.Organisations...)
		all.People = append(all.People, file.People...)
		all.Participants = append(all.Participants, file.Participants...)
	}
	return all, nil
}
