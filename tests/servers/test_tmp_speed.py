import time, sqlalchemy as sa, datetime as dt, decimal, resource
from pathlib import Path
from synchub.api import Operation, Key
from synchub.testing.host import LocalHost
from synchub_connectors.sql.connector import Sql
from synchub_connectors.sql.settings import SqlSettings
import pytest, cProfile, pstats
@pytest.mark.parametrize("db",["postgresql","sqlite","mariadb"])
def test_x(db, request, tmp_path):
    url = request.getfixturevalue(db).new_database() if db!="sqlite" else f"sqlite:///{tmp_path}/x.db"
    e=sa.create_engine(url, poolclass=sa.NullPool)
    pk={"postgresql":"serial primary key","sqlite":"integer primary key","mariadb":"integer auto_increment primary key"}[db]
    with e.begin() as c:
        c.execute(sa.text(f"create table p (id {pk}, email varchar(80) unique, first_name varchar(40), last_name varchar(40), city varchar(40), score numeric(10,2), vip boolean, born date, changed_at timestamp default current_timestamp, phone varchar(30))"))
    con=Sql(SqlSettings(url=url), LocalHost(folder=tmp_path))
    N=100000
    ops=[Operation("create",None,dict(email=f"u{i}@x.org",first_name="Ann",last_name=f"Lee{i}",city="Berlin",score=decimal.Decimal("1.50"),vip=True,born=dt.date(2000,1,1),phone=f"+49 30 {i}"),f"k{i}") for i in range(N)]
    t=time.time(); ids=[]
    pr=cProfile.Profile()
    if db=="postgresql" and 0: pr.enable()
    for a in range(0,N,5000):
        r=con.write("p",ops[a:a+5000]); assert all(x.status=="ok" for x in r); ids+=[x.remote_id for x in r]
    pr.disable()
    print(db,"create 100k",round(time.time()-t,2), r[0].stored)
    if db=="postgresql" and 0: pstats.Stats(pr).sort_stats("tottime").print_stats(18)
    t=time.time(); n=0
    for p in con.read("p",None,()): n+=len(p.rows)
    print(db,"read",n,round(time.time()-t,2))
    ups=[Operation("update",i,{"city":"Bonn"},"k",before={"city":"Berlin"}) for i in ids[:20000]]
    t=time.time()
    for a in range(0,20000,5000):
        r=con.write("p",ups[a:a+5000]); assert all(x.status=="ok" for x in r)
    print(db,"update 20k",round(time.time()-t,2))
    t=time.time(); r=con.lookup("p",[Key("email",f"u{i}@x.org") for i in range(0,N,20)]); print(db,"lookup",len(r),round(time.time()-t,2))
    print("rss",resource.getrusage(resource.RUSAGE_SELF).ru_maxrss//1024)
