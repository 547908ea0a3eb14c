; A pool of threads that run one function over blocks of an index range.
;
;   state     generation << 16 | open << 15 | number of workers inside the present job
;   sleepers  workers that wait on the condition variable
;   busy      1 while a job runs: a second caller then does its work alone, so calls never wait for each other
;
; A job is opened, everybody takes blocks from a shared counter (divergent work balances itself), the caller closes it
; when no block is left, and waits only for workers that did join: one that wakes up late costs nothing. Where they may
; take for ever, the caller looks after signals meanwhile, by the function in the fault record.

%Pool = type { i64, i64, i64, ptr, ptr, i64, i64, i64, [8 x i64], [8 x i64], [8 x i64] }
; fields: 0 state, 1 sleepers, 2 busy, 3 function, 4 arguments, 5 length, 6 grain, 7 spins, 8 counter, 9 mutex, 10 condition

declare i32 @pthread_mutex_init(ptr, ptr)
declare i32 @pthread_cond_init(ptr, ptr)
declare i32 @pthread_mutex_lock(ptr)
declare i32 @pthread_mutex_unlock(ptr)
declare i32 @pthread_cond_wait(ptr, ptr)
declare i32 @pthread_cond_broadcast(ptr)
declare i32 @sched_yield()

define void @vtrace_pool_init(ptr %pool) {
  %mutex = getelementptr %Pool, ptr %pool, i32 0, i32 9
  %condition = getelementptr %Pool, ptr %pool, i32 0, i32 10
  call i32 @pthread_mutex_init(ptr %mutex, ptr null)
  call i32 @pthread_cond_init(ptr %condition, ptr null)
  ret void
}

; Take blocks until none is left.
define internal void @work(ptr %pool) noinline {
  %f.p = getelementptr %Pool, ptr %pool, i32 0, i32 3
  %a.p = getelementptr %Pool, ptr %pool, i32 0, i32 4
  %n.p = getelementptr %Pool, ptr %pool, i32 0, i32 5
  %g.p = getelementptr %Pool, ptr %pool, i32 0, i32 6
  %counter = getelementptr %Pool, ptr %pool, i32 0, i32 8
  %f = load ptr, ptr %f.p
  %a = load ptr, ptr %a.p
  %n = load i64, ptr %n.p
  %g = load i64, ptr %g.p
  br label %take
take:
  %lo = atomicrmw add ptr %counter, i64 %g seq_cst
  %left = icmp slt i64 %lo, %n
  br i1 %left, label %run, label %done
run:
  %end = add i64 %lo, %g
  %over = icmp sgt i64 %end, %n
  %hi = select i1 %over, i64 %n, i64 %end
  call void %f(ptr %a, i64 %lo, i64 %hi)
  br label %take
done:
  ret void
}

define void @vtrace_pool_run(ptr %pool, ptr %f, ptr %a, ptr %record, i64 %n, i64 %g) {
  %busy.p = getelementptr %Pool, ptr %pool, i32 0, i32 2
  %taken = cmpxchg ptr %busy.p, i64 0, i64 1 seq_cst seq_cst
  %free = extractvalue { i64, i1 } %taken, 1
  br i1 %free, label %open, label %alone
alone:
  call void %f(ptr %a, i64 0, i64 %n)
  ret void
open:
  %f.p = getelementptr %Pool, ptr %pool, i32 0, i32 3
  %a.p = getelementptr %Pool, ptr %pool, i32 0, i32 4
  %n.p = getelementptr %Pool, ptr %pool, i32 0, i32 5
  %g.p = getelementptr %Pool, ptr %pool, i32 0, i32 6
  %counter = getelementptr %Pool, ptr %pool, i32 0, i32 8
  store ptr %f, ptr %f.p
  store ptr %a, ptr %a.p
  store i64 %n, ptr %n.p
  store i64 %g, ptr %g.p
  store atomic i64 0, ptr %counter seq_cst, align 8
  %old = load atomic i64, ptr %pool seq_cst, align 8
  %generation = lshr i64 %old, 16
  %next = add i64 %generation, 1
  %shifted = shl i64 %next, 16
  %state = or i64 %shifted, 32768
  store atomic i64 %state, ptr %pool seq_cst, align 8
  %sleepers.p = getelementptr %Pool, ptr %pool, i32 0, i32 1
  %sleepers = load atomic i64, ptr %sleepers.p seq_cst, align 8
  %asleep = icmp ne i64 %sleepers, 0
  br i1 %asleep, label %wake, label %join
wake:
  %mutex = getelementptr %Pool, ptr %pool, i32 0, i32 9
  %condition = getelementptr %Pool, ptr %pool, i32 0, i32 10
  call i32 @pthread_mutex_lock(ptr %mutex)
  call i32 @pthread_cond_broadcast(ptr %condition)
  call i32 @pthread_mutex_unlock(ptr %mutex)
  br label %join
join:
  call void @work(ptr %pool)
  %closed = atomicrmw and ptr %pool, i64 -32769 seq_cst
  %no.record = icmp eq ptr %record, null
  br i1 %no.record, label %wait, label %look
look:
  %poll.p = getelementptr i64, ptr %record, i64 7
  %poll.there = load ptr, ptr %poll.p
  br label %wait
wait:
  %poll = phi ptr [ null, %join ], [ %poll.there, %look ], [ %poll, %pause ], [ %poll, %yield ], [ %poll, %ask ]
  %spin = phi i64 [ 0, %join ], [ 0, %look ], [ %spun, %pause ], [ %spun, %yield ], [ %spun, %ask ]
  %now = load atomic i64, ptr %pool seq_cst, align 8
  %inside = and i64 %now, 32767
  %empty = icmp eq i64 %inside, 0
  br i1 %empty, label %finished, label %pause
pause:
  %spun = add i64 %spin, 1
  %long = icmp ugt i64 %spun, 1000
  br i1 %long, label %yield, label %wait
yield:
  call i32 @sched_yield()
  %endless = icmp ne ptr %poll, null
  br i1 %endless, label %ask, label %wait
ask:
  call i64 %poll(ptr %record)
  br label %wait
finished:
  store atomic i64 0, ptr %busy.p seq_cst, align 8
  ret void
}

; The life of a worker: wait for a job it has not seen, join it, work, leave. Never returns.
define ptr @vtrace_pool_worker(ptr %pool) {
entry:
  %sleepers.p = getelementptr %Pool, ptr %pool, i32 0, i32 1
  %spins.p = getelementptr %Pool, ptr %pool, i32 0, i32 7
  %mutex = getelementptr %Pool, ptr %pool, i32 0, i32 9
  %condition = getelementptr %Pool, ptr %pool, i32 0, i32 10
  br label %idle
idle:
  %seen = phi i64 [ 0, %entry ], [ %seen.next, %left ]
  br label %poll
poll:
  %tries = phi i64 [ 0, %idle ], [ %tries.next, %again ], [ 0, %slept.now ]
  %state = load atomic i64, ptr %pool seq_cst, align 8
  %generation = lshr i64 %state, 16
  %new = icmp ne i64 %generation, %seen
  %open.bit = and i64 %state, 32768
  %open = icmp ne i64 %open.bit, 0
  %joinable = and i1 %new, %open
  br i1 %joinable, label %join, label %again
again:
  %tries.next = add i64 %tries, 1
  %spins = load i64, ptr %spins.p
  %tired = icmp ugt i64 %tries.next, %spins
  br i1 %tired, label %sleep, label %poll
sleep:
  call i32 @pthread_mutex_lock(ptr %mutex)
  atomicrmw add ptr %sleepers.p, i64 1 seq_cst
  %state.2 = load atomic i64, ptr %pool seq_cst, align 8
  %generation.2 = lshr i64 %state.2, 16
  %new.2 = icmp ne i64 %generation.2, %seen
  %open.bit.2 = and i64 %state.2, 32768
  %open.2 = icmp ne i64 %open.bit.2, 0
  %joinable.2 = and i1 %new.2, %open.2
  br i1 %joinable.2, label %slept.now, label %wait
wait:
  call i32 @pthread_cond_wait(ptr %condition, ptr %mutex)
  br label %slept.now
slept.now:
  atomicrmw sub ptr %sleepers.p, i64 1 seq_cst
  call i32 @pthread_mutex_unlock(ptr %mutex)
  br label %poll
join:
  %joined = add i64 %state, 1
  %exchange = cmpxchg ptr %pool, i64 %state, i64 %joined seq_cst seq_cst
  %in = extractvalue { i64, i1 } %exchange, 1
  br i1 %in, label %go, label %missed
go:
  call void @work(ptr %pool)
  atomicrmw sub ptr %pool, i64 1 seq_cst
  br label %left
missed:
  br label %left
left:
  %seen.next = phi i64 [ %generation, %go ], [ %seen, %missed ]
  br label %idle
}
