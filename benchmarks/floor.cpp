// An exact search written by hand for this one kind of problem: the floor that other ways are
// measured against. It reads an encoding on standard input (see floor.py) and proves the
// lexicographic optimum: most points, then the least cost.
//
// Depth first over the kinds of parts, the kind with the fewest options left for its failures so far
// first, the cheapest option first. After each choice clauses are propagated with two watched
// literals, rows with the least that every kind still adds. The cost is a row whose bound is the
// best build so far. Drives, of which a build may mix models, come last; a cover bound tells what
// they will cost at least. Every value knows the choices it follows from (a bit each), so that a
// failure is answered by going back to the last choice that has a part in it.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <vector>

using Int = long long;
using Mask = std::uint64_t;  // choices, by depth
using std::vector;

struct Term { Int weight; int var; };
struct Segment { vector<Term> terms; };  // one of a kind's options holds: sorted by weight
struct Row {
  Int bound = 0;
  vector<Segment> segments;
  vector<Term> loose;
  bool priced = false;  // bounds money: what drives will cost at least is added
};

static const Int HUGE_COST = 1LL << 60;
static const int DEEPEST = 62;
static const Mask NO_MORE_DRIVES = 1ULL << 63;
static int n;
static vector<signed char> value;             // 0 open, 1 true, -1 false
static vector<Mask> reason;
static Mask conflict;
static vector<int> trail;                     // signed: +-(var + 1)
static size_t head = 0;
static vector<vector<int>> clauses, watches;  // literal code: 2 var + (negated)
static vector<vector<int>> amos, amos_of, rows_of;
static vector<Row> rows;
static vector<char> dirty;
static vector<int> queue_;
static vector<vector<int>> groups;            // one option of each holds
static vector<int> many, group_of;            // drives
static vector<Int> cost, cents;
static vector<int> covers;                    // rows that ask drives for something
static Int best_cost = HUGE_COST, best_cents = -1, nodes = 0;
static int cost_row;
static double deadline;
static bool late = false;
static vector<double> weight;

static int code(int lit) { return lit > 0 ? 2 * (lit - 1) : 2 * (-lit - 1) + 1; }
static int truth(int c) { return (c & 1) ? -value[c >> 1] : value[c >> 1]; }

static bool assign(int var, bool truth_, Mask why) {
  signed char v = truth_ ? 1 : -1;
  if (value[var]) {
    if (value[var] != v) conflict = why | reason[var];
    return value[var] == v;
  }
  value[var] = v;
  reason[var] = why;
  trail.push_back(truth_ ? var + 1 : -(var + 1));
  for (int r : rows_of[var]) if (!dirty[r]) { dirty[r] = 1; queue_.push_back(r); }
  return true;
}

static bool propagate_clauses() {
  while (head < trail.size()) {
    int lit = trail[head++], var = std::abs(lit) - 1;
    if (lit > 0)
      for (int a : amos_of[var])
        for (int other : amos[a])
          if (other != var && !assign(other, false, reason[var])) return false;
    int falsified = code(-lit);
    vector<int>& list = watches[falsified];
    size_t kept = 0;
    for (size_t i = 0; i < list.size(); i++) {
      vector<int>& c = clauses[list[i]];
      if (c[0] == falsified) std::swap(c[0], c[1]);
      bool moved = false;
      if (truth(c[0]) != 1)
        for (size_t k = 2; k < c.size(); k++)
          if (truth(c[k]) != -1) {
            std::swap(c[1], c[k]);
            watches[c[1]].push_back(list[i]);
            moved = true;
            break;
          }
      if (moved) continue;
      int at = list[i];
      list[kept++] = at;
      if (truth(c[0]) == 1) continue;
      Mask why = 0;
      for (size_t k = 1; k < c.size(); k++) why |= reason[c[k] >> 1];
      if (!assign(c[0] >> 1, !(c[0] & 1), why)) {
        for (i++; i < list.size(); i++) list[kept++] = list[i];
        list.resize(kept);
        return false;
      }
    }
    list.resize(kept);
  }
  return true;
}

// What the drives that are not yet chosen add to a priced row at least, and the drive to try next.
static Int cover_bound(const vector<Int>& price, int* next) {
  Int worst = 0;
  bool some = false;
  for (int var : many) some = some || value[var] == 1;
  if (!some) {
    Int least = HUGE_COST;
    for (int var : many)
      if (!value[var] && price[var] < least) { least = price[var]; if (next) *next = var; }
    worst = least;
  }
  for (int r : covers) {
    Int need = -rows[r].bound;
    for (const Term& t : rows[r].loose) if (value[t.var] == 1) need += t.weight;
    if (need <= 0) continue;
    double ratio = 1e300;
    int at = -1;
    for (const Term& t : rows[r].loose)
      if (!value[t.var] && t.weight < 0) {
        double mine = double(price[t.var]) / double(std::min(-t.weight, need));
        if (mine < ratio) { ratio = mine; at = t.var; }
      }
    if (at < 0) return HUGE_COST;
    Int least = Int(ratio * double(need) * (1 - 1e-12));
    if (least >= worst) { worst = least; if (next) *next = at; }
  }
  return worst;
}

static bool propagate_row(int index) {
  Row& row = rows[index];
  Int least = 0;
  Mask why = 0;
  static vector<Int> of_segment;
  of_segment.clear();
  for (const Segment& s : row.segments) {
    size_t i = 0;
    while (i < s.terms.size() && value[s.terms[i].var] == -1) why |= reason[s.terms[i++].var];
    if (i == s.terms.size()) { conflict = why; return false; }
    if (value[s.terms[i].var] == 1) why |= reason[s.terms[i].var];
    of_segment.push_back(s.terms[i].weight);
    least += s.terms[i].weight;
  }
  for (const Term& t : row.loose) {
    if (value[t.var] == 1 || (t.weight < 0 && !value[t.var])) least += t.weight;
    if (value[t.var] == (t.weight > 0 ? 1 : -1)) why |= reason[t.var];
  }
  Int more = row.priced ? cover_bound(index == cost_row ? cost : cents, nullptr) : 0;
  if (row.priced) for (int var : many) if (value[var]) why |= reason[var];
  Int slack = row.bound - least - more;
  if (more >= HUGE_COST || slack < 0) { conflict = why; return false; }
  for (size_t k = 0; k < row.segments.size(); k++) {
    const vector<Term>& terms = row.segments[k].terms;
    for (size_t i = terms.size(); i-- > 0 && terms[i].weight - of_segment[k] > slack;)
      if (!assign(terms[i].var, false, why)) return false;
  }
  slack += more;
  for (const Term& t : row.loose)
    if (!value[t.var] && std::llabs(t.weight) > slack && !assign(t.var, t.weight < 0, why))
      return false;
  return true;
}

static bool propagate() {
  for (;;) {
    if (!propagate_clauses()) return false;
    if (queue_.empty()) return true;
    int r = queue_.back();
    queue_.pop_back();
    dirty[r] = 0;
    if (!propagate_row(r)) return false;
  }
}

static void undo(size_t to) {
  while (trail.size() > to) { value[std::abs(trail.back()) - 1] = 0; trail.pop_back(); }
  head = to;
  for (int r : queue_) dirty[r] = 0;
  queue_.clear();
}

static bool complete() {  // what is left are names of values: any of them that fit
  int open = -1;
  for (int var = 0; var < n && open < 0; var++) if (!value[var]) open = var;
  if (open < 0) return true;
  for (bool truth_ : {false, true}) {
    size_t mark = trail.size();
    if (assign(open, truth_, ~0ULL) && propagate() && complete()) return true;
    undo(mark);
  }
  conflict = ~0ULL;
  return false;
}

static bool record() {
  size_t mark = trail.size();
  bool fits = true;
  for (int var : many) if (!value[var]) fits = fits && assign(var, false, NO_MORE_DRIVES);
  fits = fits && propagate() && complete();
  if (fits) {
    best_cost = best_cents = 0;
    for (int var = 0; var < n; var++)
      if (value[var] == 1) { best_cost += cost[var]; best_cents += cents[var]; }
    rows[cost_row].bound = best_cost - 1;
  }
  undo(mark);
  return fits;
}

static bool touch_cost() {
  if (!dirty[cost_row]) { dirty[cost_row] = 1; queue_.push_back(cost_row); }
  return propagate();
}

// The choices before this depth for which there is no better build.
static Mask search(int depth) {
  const Mask mine = 1ULL << depth, before = mine - 1;
  Mask also = 0;
  while (true) {
    if (depth >= DEEPEST || (++nodes % 64 == 0 && clock() > deadline)) late = true;
    if (late) return before;
    int chosen = -1, pick = -1;
    double fewest = 1e300;
    for (size_t g = 0; g < groups.size(); g++) {
      int open = 0, first = -1;
      bool done = false;
      for (int var : groups[g]) {  // sorted by cost
        if (value[var] == 1) { done = true; break; }
        if (!value[var]) { open++; if (first < 0) first = var; }
      }
      if (!done && open / weight[g] < fewest) {
        fewest = open / weight[g];
        chosen = int(g);
        pick = first;
      }
    }
    if (chosen < 0 && (cover_bound(cost, &pick) == 0 || pick < 0)) {
      if (record()) return before;
      if (!(conflict & NO_MORE_DRIVES)) return (conflict | also) & before;
      also |= conflict & before;
      pick = -1;
      for (int var : many) if (!value[var] && (pick < 0 || cost[var] < cost[pick])) pick = var;
      if (pick < 0) {
        for (int var : many) also |= reason[var];
        return also & before;
      }
    }
    size_t mark = trail.size();
    Mask why;
    if (assign(pick, true, mine) && propagate()) why = search(depth + 1);
    else { why = conflict; if (chosen >= 0) weight[chosen] += 1; }
    undo(mark);
    if (!(why & mine)) return (why | also) & before;
    if (!assign(pick, false, why & before) || !touch_cost()) return (conflict | also) & before;
  }
}

static Int read() {
  Int x;
  if (std::scanf("%lld", &x) != 1) std::exit(2);
  return x;
}

int main() {
  double limit_s = double(read());
  n = int(read());
  value.assign(n, 0); reason.assign(n, 0); watches.resize(2 * n); amos_of.resize(n); rows_of.resize(n);
  group_of.assign(n, -1); cost.assign(n, 0); cents.assign(n, 0);
  for (Int left = read(); left--;) { int var = int(read()); cost[var] = read(); cents[var] = read(); }
  for (Int left = read(); left--;) {
    groups.emplace_back();
    for (Int size = read(); size--;) {
      int var = int(read());
      groups.back().push_back(var);
      group_of[var] = int(groups.size()) - 1;
    }
  }
  vector<char> is_many(n, 0);
  for (Int left = read(); left--;) { many.push_back(int(read())); is_many[many.back()] = 1; }
  vector<int> units;
  for (Int left = read(); left--;) {
    vector<int> c;
    for (Int size = read(); size--;) c.push_back(code(int(read())));
    std::sort(c.begin(), c.end());
    c.erase(std::unique(c.begin(), c.end()), c.end());
    if (c.empty()) { std::puts("infeasible 0 0 0 0"); return 0; }
    if (c.size() == 1) { units.push_back(c[0]); continue; }
    watches[c[0]].push_back(int(clauses.size()));
    watches[c[1]].push_back(int(clauses.size()));
    clauses.push_back(c);
  }
  for (Int left = read(); left--;) {
    amos.emplace_back();
    for (Int size = read(); size--;) {
      amos.back().push_back(int(read()));
      amos_of[amos.back().back()].push_back(int(amos.size()) - 1);
    }
  }
  for (Int left = read(); left--;) {
    Row row;
    row.priced = read();
    row.bound = read();
    std::map<int, std::map<int, Int>> of_group;
    bool covering = true;
    for (Int size = read(); size--;) {
      Int weight = read();
      int var = int(read());
      covering = covering && is_many[var] && weight < 0;
      if (group_of[var] < 0) row.loose.push_back({weight, var});
      else of_group[group_of[var]][var] += weight;
    }
    if (covering && row.bound < 0) covers.push_back(int(rows.size()));
    for (auto& [g, weights] : of_group) {
      Segment s;
      for (int var : groups[g]) s.terms.push_back({weights.count(var) ? weights[var] : 0, var});
      std::stable_sort(s.terms.begin(), s.terms.end(),
                       [](const Term& a, const Term& b) { return a.weight < b.weight; });
      row.segments.push_back(s);
    }
    rows.push_back(row);
  }
  vector<std::pair<Int, int>> scores;
  for (Int left = read(); left--;) { Int points = read(); scores.push_back({points, int(read())}); }
  weight.assign(groups.size(), 1);
  double begin = double(clock());
  deadline = begin + limit_s * CLOCKS_PER_SEC;
  for (auto& g : groups)
    std::stable_sort(g.begin(), g.end(), [](int a, int b) { return cost[a] < cost[b]; });
  Row money;
  money.priced = true;
  money.bound = HUGE_COST;
  for (auto& g : groups) {
    Segment s;
    for (int var : g) s.terms.push_back({cost[var], var});
    money.segments.push_back(s);
  }
  for (int var : many) money.loose.push_back({cost[var], var});
  cost_row = int(rows.size());
  rows.push_back(money);
  dirty.assign(rows.size(), 0);
  for (size_t r = 0; r < rows.size(); r++) {
    for (auto& s : rows[r].segments) for (auto& t : s.terms) rows_of[t.var].push_back(int(r));
    for (auto& t : rows[r].loose) rows_of[t.var].push_back(int(r));
    dirty[r] = 1;
    queue_.push_back(int(r));
  }
  bool possible = true;
  for (int u : units) possible = possible && assign(u >> 1, !(u & 1), 0);
  possible = possible && propagate();
  std::sort(scores.begin(), scores.end(), [](auto& a, auto& b) { return a.first > b.first; });
  Int found = 0;
  for (size_t i = 0; possible && !late && i < scores.size() && best_cents < 0; ) {
    size_t end = i;
    while (end < scores.size() && scores[end].first == scores[i].first) end++;
    found = scores[i].first;
    for (; i < end && found > 0; i++) {
      size_t mark = trail.size();
      if (assign(scores[i].second, true, 1) && propagate()) {
        search(1);
      }
      undo(mark);
    }
    i = end;
  }
  if (possible && !late && best_cents < 0) { found = 0; search(1); }
  double seconds = (double(clock()) - begin) / CLOCKS_PER_SEC;
  const char* status = late ? "late" : best_cents < 0 ? "infeasible" : "optimal";
  std::printf("%s %lld %lld %lld %.6f\n", status, found, best_cents, nodes, seconds);
}
