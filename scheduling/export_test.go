package scheduling

import "time"

// OutliveWorkersBy sets how long the deployment's own schedules last without a worker.
func (a *Applier) OutliveWorkersBy(life time.Duration) { a.ownLife = life }
