/* Sessions, fences, shards and commits whose reply is lost.
 *
 * N engines on one database. An engine's commit is a message that may reach the server late, even
 * after its sender has lost the connection, has settled the matter on another one, or has been
 * taken over. The server carries each statement out at once (row lock on the session row).
 *
 *   spin -a fence.pml && gcc -w -O2 -DSAFETY -o pan pan.c && ./pan -m100000
 *     11,912,038 states, errors: 0 (Spin 6.5.2, 18 s)
 *   planted faults, each of which is found: spin -a -DREAD_SETTLE fence.pml (settle by reading the
 *   count), -DNO_FENCE, -DNO_CYCLE, -DTWO_STEPS (move, then fence), -DNO_MARK (a settlement whose
 *   reply was lost, taken for the commit)
 *
 * `test_fence.py` runs all of this. What it stands for: `fql.store.port.Store.commit`, `settle`.
 */
#ifndef N
#define N      2              /* engines */
#endif
#ifndef S
#define S      1              /* shards */
#endif
#ifndef NS
#define NS     3              /* sessions that can be begun in all */
#endif
#ifndef CYC
#define CYC    2              /* commits a session may make */
#endif
#define NONE   255

/* the database: session rows and shard rows */
byte  cycle[NS]; bool live[NS]; bool expired[NS];
byte  mark[NS];               /* the count that a settlement left */
byte  owner[S];               /* session that owns a shard */
byte  next = 0;               /* next session number */

/* what the checks look at */
byte  applied[S];             /* commits that changed a shard */
byte  believed[S];            /* what the last loaded or acknowledged owner knows of it */

/* statements on their way: session, expected cycle, shard */
chan wire = [2] of { byte, byte, byte };

/* one commit, as the server carries it out */
inline serve(s, c, k, ok) {
  atomic {
#ifdef NO_FENCE
    if :: cycle[s] == c -> cycle[s]++; ok = true
#else
#ifdef NO_CYCLE
    if :: live[s] -> cycle[s]++; ok = true
#else
    if :: live[s] && cycle[s] == c -> cycle[s]++; ok = true
#endif
#endif
       :: else -> ok = false
    fi;
    if :: ok ->
          expired[s] = false;                       /* the lease is renewed */
          assert(owner[k] == s);                    /* I6: only the live owner changes a shard */
          applied[k]++
       :: else
    fi
  }
}

/* late statements arrive here, whoever sent them */
active proctype Network() {
  byte s, c, k; bool ok;
end:
  do
  :: atomic { wire ? s, c, k -> serve(s, c, k, ok) }
  od
}

/* leases run out at any time: safety must not rest on clocks */
active proctype Time() {
  byte i;
end:
  do
  :: atomic { (next > 0) -> i = 0;
       do :: i < next - 1 -> i++ :: break od;
       expired[i] = true }
  od
}

proctype Engine() {
  byte me = NONE, c = 0, k, i; bool mine[S]; bool ok; byte old;

begin:
  atomic {
    if :: next < NS -> me = next; next++; cycle[me] = 0; mark[me] = 0; live[me] = true; expired[me] = false; c = 0
       :: else -> goto gone
    fi;
    i = 0; do :: i < S -> mine[i] = false; i++ :: else -> break od
  }

work:
  do
  /* take over what nobody owns, or what an expired session owns */
  :: atomic {
       k = 0; do :: k < S - 1 -> k++ :: break od;
       (live[me] && owner[k] != me) ->
       old = owner[k];
       if :: old == NONE -> owner[k] = me
          :: old != NONE && !live[old] -> owner[k] = me
          :: old != NONE && live[old] && expired[old] ->
#ifndef TWO_STEPS
             live[old] = false;
#endif
             owner[k] = me
          :: else -> goto work
       fi;
       mine[k] = true; believed[k] = applied[k]     /* load in a new snapshot */
     }
#ifdef TWO_STEPS
     ;
     atomic { if :: old != NONE && old != me -> live[old] = false :: else fi }
#endif

  /* a commit that is answered */
  :: atomic { (c < CYC) -> k = 0; do :: k < S - 1 -> k++ :: break od; mine[k] } ->
     atomic {
       serve(me, c, k, ok);
       if :: ok -> c++; believed[k]++; assert(believed[k] == applied[k])
          :: else -> goto begin                     /* fenced: forget everything */
       fi
     }

  /* a commit whose reply is lost, and which may arrive late; then it is settled */
  :: atomic { (c < CYC && nfull(wire)) -> k = 0; do :: k < S - 1 -> k++ :: break od; mine[k] } ->
     wire ! me, c, k;
settle:
     atomic {
#ifdef READ_SETTLE
       /* read the count */
       if :: !live[me] -> goto begin
          :: live[me] && cycle[me] == c -> skip               /* "it did not count" */
          :: live[me] && cycle[me] > c -> c = cycle[me]; believed[k]++
       fi;
#else
       /* settle: advance the row; whoever expected the old value is too late from now on */
       if :: !live[me] -> goto begin
          :: live[me] && cycle[me] == c -> cycle[me]++; mark[me] = cycle[me];
             if :: c++                                /* it did not count and never will */
                :: goto settle                        /* the reply is lost: asked again */
             fi
#ifndef NO_MARK
          :: live[me] && cycle[me] > c && mark[me] == cycle[me] -> c = cycle[me]
          :: live[me] && cycle[me] > c && mark[me] != cycle[me] -> c = cycle[me]; believed[k]++
#else
          :: live[me] && cycle[me] > c -> c = cycle[me]; believed[k]++
#endif
       fi;
#endif
       assert(believed[k] == applied[k])
     }

  /* what the owner knows is what is stored, at any time it is still the owner */
  :: atomic { k = 0; do :: k < S - 1 -> k++ :: break od; (mine[k] && live[me] && owner[k] == me) ->
       if :: c < CYC -> assert(believed[k] == applied[k]) :: else fi }

  /* killed, or leaves: the session stays as it is */
  :: goto begin
  od;
gone: skip
}

init {
  byte i = 0;
  atomic {
    do :: i < S -> owner[i] = NONE; i++ :: else -> break od;
    i = 0; do :: i < N -> run Engine(); i++ :: else -> break od
  }
}
