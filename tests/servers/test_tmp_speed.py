import time, sqlalchemy as sa, datetime as dt, decimal, resource
from synchub.api import Operation, Key
from synchub.testing.host import LocalHost
from synchub_connectors.sql.connector import Sql
from synchub_connectors.sql.settings import SqlSettings
import cProfile, pstats
def test_x(postgresql, tmp_path):
    url=postgresql.new_database()
    e=sa.create_engine(url, poolclass=sa.NullPool)
    with e.begin() as c:
        c.execute(sa.text("create table p (id serial primary key, email varchar(80) unique, first_name varchar(40), last_name varchar(40), city varchar(40), score numeric(10,2), vip boolean, born date, changed_at timestamp default current_timestamp, phone varchar(30))"))
    con=Sql(SqlSettings(url=url), LocalHost(folder=tmp_path))
    N=100000
    ops=[Operation("create",None,dict(email=f"u{i}@x.org",first_name="Ann",last_name=f"Lee{i}",city="Berlin",score=decimal.Decimal("1.50"),vip=True,born=dt.date(2000,1,1),phone=f"+49 30 {i}"),f"k{i}") for i in range(N)]
    for prof in (0,0,0):
        with e.begin() as c: c.execute(sa.text("truncate p"))
        t=time.time(); u=time.process_time()
        pr=cProfile.Profile()
        if prof: pr.enable()
        for a in range(0,N,5000):
            r=con.write("p",ops[a:a+5000]); assert all(x.status=="ok" for x in r)
        pr.disable()
        print("create 100k wall",round(time.time()-t,2), "own cpu", round(time.process_time()-u,2))
        if prof: pstats.Stats(pr).sort_stats("tottime").print_stats(22)
