// Package world holds the people, the money and the calendar behind the simulated government services.
//
// A World is made from a seed, a number of people and scenario files; the same input gives the same world. It has one
// calendar (Today) that moves only when it is told to, and moves (a new claim, a new quarter, a withdrawn consent …)
// that change single people. What it returns are snapshots that never change.
//
// All people are synthetic.
package world
