package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Schema is the JSON Schema (2020-12) of the project file, by which editors complete and check it while one types.
func Schema() ([]byte, error) {
	root := object("What Chronon's confs leave open about their DAGs: the project file of chrononctl, beside teams.json.")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = ProjectFile
	for _, s := range sections() {
		properties(root)[s.name] = optional(object(s.doc))
	}
	for _, key := range Keys() {
		if err := place(root, key); err != nil {
			return nil, err
		}
	}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of %s: %w", ProjectFile, err)
	}
	return append(out, '\n'), nil
}

// object is the schema of a mapping that has no keys yet.
func object(doc string) schema {
	s := schema{"type": "object", "properties": schema{}, "additionalProperties": false}
	if doc != "" {
		s["description"] = doc
	}
	return s
}

// optional lets a section be there without anything in it, as where all of its keys are commented out.
func optional(s schema) schema {
	s["type"] = []string{"object", "null"}
	return s
}

func properties(s schema) schema {
	p, _ := s["properties"].(schema)
	return p
}

// place puts the schema of a key where its path leads to.
func place(root schema, key Key) error {
	own := schema{"description": key.Doc}
	maps.Copy(own, key.schema)
	if !strings.Contains(key.Path, "*") {
		p := DefaultProject()
		if value := key.get(&p, nil); value != nil {
			own["default"] = value
		}
	}
	elements := strings.Split(key.Path, ".")
	at := root
	for _, element := range elements[:len(elements)-1] {
		next, ok := properties(at)[element].(schema)
		switch {
		case element == "*":
			if next, ok = at["additionalProperties"].(schema); !ok {
				next = object("")
				at["additionalProperties"] = next
			}
		case !ok:
			next = optional(object(""))
			properties(at)[element] = next
		}
		at = next
	}
	last := elements[len(elements)-1]
	if _, twice := properties(at)[last]; twice {
		return fmt.Errorf("the table of keys has %s twice", key.Path)
	}
	properties(at)[last] = own
	return nil
}
