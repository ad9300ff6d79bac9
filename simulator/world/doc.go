// Package world holds the people, the money and the calendar that the simulated government services answer from.
//
// A World is made from a seed, a number of people and scenario files; the same input gives the same world. It has one
// calendar (Today) that moves only when it is told to, and moves (a new claim, a new quarter, a withdrawn consent …)
// that change single people. Everything handed out is a snapshot that is never changed afterwards.
//
// All people are synthetic.
package world
